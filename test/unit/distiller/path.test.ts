import { expect, test } from 'vitest'
import { compileFieldPath } from '../../../src/distiller/field-path.ts'
import { compilePath } from '../../../src/distiller/path/compile-path.ts'
import { fullPath } from '../../../src/distiller/path/match.ts'

const DOCUMENT = {
  publisher_id: 'compute.host-1',
  _context_user: 'u1',
  _context_project_id: 'p1',
  payload: {
    nics: ['n0', 'n1'],
    tags: [],
    glance: [
      { key: 'size', value: 5 },
      { key: 'image_id', value: 'img' },
    ],
    '*': 'star',
  },
}

// What jsonpath-rw answers, a list for each path.
test.each([
  ['payload.nics[0]|publisher_id', ['n0', 'compute.host-1']],
  ['payload.tags[0]|publisher_id', ['compute.host-1']],
  ['payload.nics[0]|payload.nics[1]', ['n1']],
  ["payload.'*'[1].value", ['img']],
  ['payload.glance[?key=image_id].value', ['img']],
  ['publisher_id.`split(., 1, 1)`', ['host-1']],
  ['publisher_id.`split(., 0, -1)`', ['compute']],
  ['publisher_id.`sub(/(\\\\w+)\\\\.(?P<host>.*)/, \\\\g<host>@\\\\1)`', ['host-1@compute']],
  ['payload.nics.`len`', [2]],
  ['payload.nics[-1]', ['n1']],
] as const)('%s', (path, expected) => {
  expect(
    compilePath(path.replaceAll('\\\\', '\\'))
      .findAll(DOCUMENT)
      .map(({ value }) => value),
  ).toEqual(expected)
})

test('a match knows the way to it, a negative index as it was written', () => {
  const [match] = compilePath('payload.nics[-1]').findAll(DOCUMENT)
  expect(match && fullPath(match)).toBe('payload.nics.[-1]')
})

test.each([
  ['ctxt.user', 'u1'],
  ['(ctxt.user)|(payload.user)', 'u1'],
  ['$.ctxt.user', 'u1'],
  ["ctxt['user']", 'u1'],
  ['ctxt.tenant_id', 'p1'],
])('%s reads the context', (path, expected) => {
  expect(compileFieldPath(path).findFirst(DOCUMENT)).toBe(expected)
})

test('a substitution must name groups that the pattern has', () => {
  expect(() => compilePath('a.`sub(/x/, \\1)`')).toThrow(/no group 1/)
  expect(() => compilePath('a.`sub(/(x/, y)`')).toThrow(/missing closing/)
})

test.each([
  ["'a\"]; throw 1; //'", { 'a"]; throw 1; //': 1 }, 1],
  ["'a\\\\'.b", { 'a\\': { b: 1 } }, 1],
  ['constructor', {}, undefined],
  ['a.length', { a: [1, 2] }, undefined],
  ['a.length', { a: 'text' }, undefined],
  ['a.length', { a: { length: 3 } }, 3],
  ['a.__proto__', JSON.parse('{"a":{"__proto__":1}}'), 1],
  ["a.'0'", { a: [1] }, undefined],
  ['a.b.c', { a: { b: null } }, undefined],
  ['a.b', { a: 5 }, undefined],
  ['a[1].b', { a: [0, { b: 2 }] }, 2],
])('the plain path %s reads only what the document has', (path, document, expected) => {
  expect(compilePath(path).findFirst(document)).toBe(expected)
})

import { expect, test } from 'vitest'
import { parseYamlDocument } from '../../../../src/config/documents/yaml-document.ts'
import { YamlScalar } from '../../../../src/config/documents/yaml-scalar.ts'
import { MARKING_SCHEMA } from '../../../../src/config/documents/yaml-schema.ts'

function read(text: string): unknown {
  return parseYamlDocument(text, 'file.yaml').value
}

// What PyYAML 6 reads, times aside.
test.each([
  ['yes', true],
  ['No', false],
  ['ON', true],
  ['off', false],
  ['y', 'y'],
  ['N', 'N'],
  ['~', null],
  ['', null],
  ['014', 12],
  ['0o14', '0o14'],
  ['08', '08'],
  ['0x1F', 31],
  ['0b11', 3],
  ['1_000', 1000],
  ['190:20:30', 685_230],
  ['190:20:30.15', 685_230.15],
  ['1e3', '1e3'],
  ['1.5e3', '1.5e3'],
  ['1.0e+3', 1000],
  ['.5', 0.5],
  ['-.5', '-.5'],
  ['.inf', Number.POSITIVE_INFINITY],
  ['!!str 5', '5'],
  ['"yes"', 'yes'],
  ['2001-12-14', '2001-12-14'],
])('the scalar %s is %o', (text, expected) => {
  expect(read(`a: ${text}\n`)).toEqual({ a: expected })
})

test('keys are read by the same rules', () => {
  expect(read('y: 1\nn: 2\n')).toEqual({ y: 1, n: 2 })
})

test('<< merges, the nearest first, and what stands in the mapping itself wins', () => {
  const text = 'a: &a {x: 1, y: 1}\nb: &b {x: 2, y: 2, z: 2}\nc: {<<: [*a, *b], y: 3}\n'
  expect(read(text)).toMatchObject({ c: { x: 1, y: 3, z: 2 } })
})

test('of equal keys the last counts, and the place of the others is told', () => {
  const document = parseYamlDocument('a: 1\nb: {c: 1, c: 2}\na: 3\n', 'file.yaml')
  expect(document.value).toEqual({ a: 3, b: { c: 2 } })
  expect(document.repeatedKeys).toMatchObject([
    { path: ['b', 'c'], position: { line: 2, column: 11 } },
    { path: ['a'], position: { line: 3, column: 1 } },
  ])
})

test('times and floats can be told from texts and integers', () => {
  const { value } = parseYamlDocument('{a: 2001-12-14T01:02:03, b: 4.0, c: 4}\n', 'file.yaml', MARKING_SCHEMA)
  expect(value).toEqual({
    a: new YamlScalar('timestamp', '2001-12-14T01:02:03'),
    b: new YamlScalar('float', '4.0'),
    c: 4,
  })
})

test('aliases that come to a billion values are refused where they pass the limit', () => {
  const lines = ['a: &a [x, x, x, x, x, x, x, x, x, x]']
  for (const [before, name] of ['ab', 'bc', 'cd', 'de', 'ef', 'fg', 'gh', 'hi'].map((two) => [...two])) {
    lines.push(`${name}: &${name} [${Array(10).fill(`*${before}`).join(', ')}]`)
  }
  expect(() => read(lines.join('\n'))).toThrow(
    'file.yaml:5:37: up to *d the aliases stand for more than 100000 values',
  )
})

test.each(['a: &a [*a]\n', 'a: &a {b: [1, {c: *a}]}\n', 'a: &a\n  <<: *a\n'])(
  'a cycle is refused: %j',
  (text) => {
    expect(() => read(text)).toThrow(
      /^file.yaml is not YAML\nfile.yaml:\d+:\d+: \*a stands inside of what it names/,
    )
  },
)

test('many aliases of small values are read', () => {
  const text = `a: &a {x: 1}\nb:\n${'  - *a\n'.repeat(10_000)}`
  expect(read(text)).toMatchObject({ b: expect.objectContaining({ length: 10_000 }) })
})

test('an anchor may be given again inside of itself', () => {
  expect(read('a: &a [&a 1, *a]\n')).toEqual({ a: [1, 1] })
})

test('a key in a value that is given again is not repeated', () => {
  const document = parseYamlDocument('a: {x: 1}\na: {x: 2}\n', 'file.yaml')
  expect(document.repeatedKeys).toMatchObject([{ path: ['a'], position: { line: 2 } }])
})

test('what an alias or << brings in has the place where it is written', () => {
  const text = 'a: &a {x: 1, y: &y {z: 2}}\nb: &b {<<: *a, x: 3}\nc: {<<: [*b], q: *y}\nd: *b\n'
  const { positionOf, keyPositionOf } = parseYamlDocument(text, 'file.yaml')
  const at = (path: (string | number)[]) => [positionOf(path), keyPositionOf(path)].map(lineAndColumn)
  expect(at(['b', 'y', 'z'])).toEqual(['1:24', '1:21'])
  expect(at(['c', 'x'])).toEqual(['2:19', '2:16'])
  expect(at(['c', 'q', 'z'])).toEqual(['1:24', '1:21'])
  expect(at(['c', 'q'])).toEqual(['3:19', '3:15'])
  expect(at(['d', 'y', 'z'])).toEqual(['1:24', '1:21'])
  expect(at(['d', 'nothing'])).toEqual(['2:7', '2:1'])
})

function lineAndColumn({ line, column }: { readonly line: number; readonly column: number }): string {
  return `${line}:${column}`
}

test.each([
  ['a tab', 'a:\n\tb: 1\n', 'file.yaml:2:1: a tab in the indentation; YAML takes only blanks there'],
  ['deep nesting', `a: ${'['.repeat(10_000)}`, 'file.yaml:1:103: it is nested more than 100 deep'],
])('%s is refused with its place', (_, text, message) => {
  expect(() => read(text)).toThrow(message)
})

test('a second document is an error where it begins', () => {
  const parse = () => parseYamlDocument('a: 1\nb: 2\n---\nc: 3\n', 'f.yaml')
  expect(parse).toThrow('f.yaml:3:1: a second document begins here; expected one in a file')
})

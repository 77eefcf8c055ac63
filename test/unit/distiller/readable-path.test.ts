import fc from 'fast-check'
import { expect, test } from 'vitest'
import { compilePath } from '../../../src/distiller/path/compile-path.ts'
import { readablePath } from '../../../src/distiller/path/match.ts'
import type { JsonValue } from '../../../src/domain/notification.ts'

const document: JsonValue = {
  payload: {
    volume_attachment: [{ instance_uuid: 'i1' }],
    'nova_object.data': { uuid: 'u1', "it's": { where: 'w', 'a\\b': ['x', 'y'] } },
  },
}

test.each([
  ['payload.volume_attachment[0].instance_uuid', 'payload.volume_attachment[0].instance_uuid'],
  ["payload.'nova_object.data'.uuid", "payload.'nova_object.data'.uuid"],
  ["payload..'where'", "payload.'nova_object.data'.'it\\'s'.'where'"],
  ['payload..`len`', 'payload'],
])('%s is shown as %s', (path, shown) => {
  const [match] = compilePath(path).findAll(document)
  expect(match && readablePath(match)).toBe(shown)
})

// A name that is a star cannot be written: quoted or not it means any.
test('what is shown finds the same again', () => {
  const key = fc.oneof(
    fc.constantFrom('a', 'b-c', "it's", 'x.y', 'where', 'a\\b', '"', '0', ''),
    fc.string().filter((text) => text !== '*'),
  )
  const value = fc.letrec<{ value: JsonValue }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      fc.string(),
      fc.array(tie('value'), { maxLength: 3 }),
      fc.dictionary(key, tie('value'), { maxKeys: 3 }),
    ),
  })).value
  fc.assert(
    fc.property(value, (inner) => {
      const whole = { payload: inner }
      for (const match of compilePath('payload..*').findAll(whole)) {
        expect(compilePath(readablePath(match)).findAll(whole)[0]?.value).toBe(match.value)
      }
    }),
  )
})

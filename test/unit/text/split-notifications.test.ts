import { expect, test } from 'vitest'
import { splitNotifications } from '../../../src/text/split-notifications.ts'

test.each([
  ['{"a": 1}', ['{"a": 1}']],
  ['{\n  "a": 1\n}\n', ['{\n  "a": 1\n}\n']],
  ['{"a":1}\n\n{"b":12345678901234567890}\r\n', ['{"a":1}', '{"b":12345678901234567890}']],
  ['[{"a":1.0}, {"b":"]"} ,3]', ['{"a":1.0}', '{"b":"]"}', '3']],
  ['\ufeff[ ]', []],
  [' \n', []],
  // What cannot be read is one notification, whose dead letter has it whole.
  ['{"a":\n{"b"', ['{"a":\n{"b"']],
  ['{"a":1}\nnonsense', ['{"a":1}\nnonsense']],
])('%j', (body, expected) => {
  expect(splitNotifications(Buffer.from(body))?.map(String)).toEqual(expected)
})

test('a list that does not end is refused', () => {
  expect(splitNotifications(Buffer.from('[{"a":1},'))).toBeUndefined()
})

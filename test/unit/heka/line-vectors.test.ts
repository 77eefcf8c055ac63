import { describe, expect, test } from 'vitest'
import { createLineEncoder } from '../../../src/heka/subscriber/line-encoder.ts'
import { DEFAULT_LINE_FIELDS, parseLineFields } from '../../../src/heka/subscriber/line-fields.ts'
import { LineWriter } from '../../../src/heka/subscriber/line-writer.ts'
import { encodeMessage } from '../../../src/heka/wire/encode-message.ts'
import type { MessageForm } from '../../../src/heka/wire/message-form.ts'
import { MessageView } from '../../../src/heka/wire/message-view.ts'
import { parseMessageForm } from '../../../src/heka/wire/parse-message-form.ts'
import { scanMessage } from '../../../src/heka/wire/scan-message.ts'
import { subscriberVectors } from '../../support/heka/vectors.ts'

const { cases, defaultFields } = subscriberVectors()
const encodings = cases.filter(({ kind }) => kind === 'encode')
const view = new MessageView()

function linesOf(
  messages: readonly MessageForm[],
  fields: readonly string[] = [],
  dynamicFields: readonly string[] = [],
) {
  const encode = createLineEncoder({ fields: parseLineFields(fields), dynamicFields })
  const writer = new LineWriter()
  for (const message of messages) {
    const bytes = encodeMessage(parseMessageForm(message))
    scanMessage(bytes, 0, bytes.length, view)
    encode(view, writer)
  }
  return writer.take().toString()
}

test('the keys of a line are those of the original', () => {
  expect(DEFAULT_LINE_FIELDS).toEqual(defaultFields)
})

describe('lines are those of the original byte for byte, faults apart', () => {
  test.each(encodings)(
    '$id $title',
    ({ messages = [], fields, dynamicFields, expect: wanted, quirk, strict }) => {
      if (strict?.startError) {
        expect(() => linesOf(messages, fields, dynamicFields)).toThrow('is no key of a line')
        return
      }
      const lines = linesOf(messages, fields, dynamicFields)
      const body = strict?.body ?? (quirk === undefined ? wanted.body : undefined)
      if (body !== undefined) expect(lines).toBe(body)
      const parsed = lines
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line))
      if (strict?.value === null) expect(Object.values(parsed[0])).toContain(null)
      if (strict?.leaveOut) expect(Object.keys(parsed[0])).not.toContain('')
      // No key is there twice.
      for (const line of lines.trimEnd().split('\n')) {
        const keys = [...line.matchAll(/[{,]"((?:[^"\\]|\\.)*)":/g)].map((match) => match[1])
        expect(new Set(keys).size).toBe(keys.length)
      }
    },
  )
})

test('fields of one name become a list, and one that is named like a key is told apart', () => {
  const text = (name: string, value: string) => ({ name, valueString: [value] })
  const fields = [text('a', '1'), text('Payload', 'x'), text('a', '2')]
  expect(linesOf([{ payload: 'p', fields }], ['Payload', 'DynamicFields'])).toBe(
    '{"Payload":"p","a":["1","2"],"Fields[Payload]":"x"}\n',
  )
})

test('bytes that are no UTF-8 are base64, alone too', () => {
  const fields = [
    { name: 'b', valueType: 'BYTES', valueBytes: ['ff00'] },
    { name: 't', valueType: 'BYTES', valueBytes: ['6f6b'] },
  ]
  expect(linesOf([{ fields }], ['DynamicFields'])).toBe('{"b":"/wA=","t":"ok"}\n')
})

import { expect, test } from 'vitest'
import { parseYamlDocument } from '../../../src/config/documents/yaml-document.ts'
import { compileMapping } from '../../../src/heka/bridge/mapping.ts'
import { notificationMessage } from '../../../src/heka/generator/notification-message.ts'
import { originalMessage } from '../../../src/heka/generator/original-message.ts'
import { realisticMessage } from '../../../src/heka/generator/realistic-message.ts'
import { decodeMessage } from '../../../src/heka/wire/decode-message.ts'
import { encodeMessage } from '../../../src/heka/wire/encode-message.ts'
import { MessageView } from '../../../src/heka/wire/message-view.ts'
import { parseMessageForm } from '../../../src/heka/wire/parse-message-form.ts'
import { scanMessage } from '../../../src/heka/wire/scan-message.ts'

const MAPPING = {
  notifications: [
    { match: "Type == 'none'", event_type: 'never' },
    {
      match: 'Fields[status] != NIL',
      event_type: 'log.{Type}',
      payload: {
        status: '{Fields[status]}',
        path: '{Fields[path]}',
        seconds: '{Fields[request_time]}',
        missing: '{Fields[nowhere]}',
        line: '{Hostname}: {Fields[method]}',
        severity: '{Severity}',
        kind: 'web',
        level: 3,
      },
    },
  ],
}

/** A file that holds a value, as JSON on one line, which is YAML too. */
const fileOf = (value: unknown) => parseYamlDocument(JSON.stringify(value), 'm.yaml')

function viewOf(bytes: Buffer): MessageView {
  const view = new MessageView()
  scanMessage(bytes, 0, bytes.length, view)
  return view
}

test('the first rule that matches makes the notification; a reference alone keeps the type of its value', () => {
  const bytes = realisticMessage(1_481_200_000_123, 0, () => 0)
  const text = compileMapping(fileOf(MAPPING))(viewOf(bytes), 'id') as string
  const { uuid } = decodeMessage(bytes)
  expect(JSON.parse(text)).toEqual({
    event_type: 'log.nginx.access',
    message_id: uuid?.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-'),
    publisher_id: 'web-01.example.org',
    priority: 'INFO',
    timestamp: '2016-12-08T12:26:40.123000',
    payload: {
      status: 200,
      path: '/',
      seconds: Math.exp(-6),
      missing: null,
      line: 'web-01.example.org: GET',
      severity: 6,
      kind: 'web',
      level: 3,
    },
  })
})

test('a message without a uuid gets the id of its place, and one that no rule matches makes nothing', () => {
  const bytes = originalMessage(1000)
  const all = compileMapping(fileOf({ notifications: [{ event_type: 'log' }] }))
  expect(JSON.parse(all(viewOf(bytes), 'subject/3.0') as string).message_id).toBe('subject/3.0')
  expect(compileMapping(fileOf(MAPPING))(viewOf(bytes), 'id')).toBeUndefined()
})

test('what a value holds is taken as it is, a reference too', () => {
  const bytes = encodeMessage({
    hostname: Buffer.from('{Payload} $& {Type}'),
    payload: Buffer.from('secret'),
    fields: [],
  })
  const mapping = compileMapping(
    fileOf({ notifications: [{ event_type: '{Hostname}: {Payload}, {Payload}{Type}' }] }),
  )
  expect(JSON.parse(mapping(viewOf(bytes), 'id') as string).event_type).toBe(
    '{Payload} $& {Type}: secret, secret',
  )
})

test.each([
  [
    { notifications: [{ event_type: 'x', match: 'Typ == "a"' }] },
    'm.yaml:1:19: notifications.0: unknown word "Typ"',
  ],
  [{ notifications: [{ event_type: '{Host}' }] }, 'm.yaml:1:19: notifications.0: {Host} is not known'],
  [
    { notifications: [{ event_type: '{constructor}' }] },
    'm.yaml:1:19: notifications.0: {constructor} is not known',
  ],
  [{ notifications: [{}] }, 'm.yaml:1:19: notifications.0.event_type: is required'],
  [{}, 'm.yaml:1:1: notifications: is required'],
  [
    { notifications: [{ event_type: 5 }] },
    'm.yaml:1:33: notifications.0.event_type: expected a text, found a whole number',
  ],
  [5, 'm.yaml:1:1: the file: expected a mapping, found a whole number'],
])('%j is refused', (value, message) => {
  expect(() => compileMapping(fileOf(value))).toThrow(message)
})

test.each([
  [{ pid: 'x' }, 'no message of Heka: pid: expected a number, found a text'],
  [
    { fields: [{}, { valueBool: [true, null] }], pid: [] },
    'no message of Heka: pid: expected a number, found a list; fields.1.valueBool.1: expected true or false, found nothing',
  ],
  [5, 'no message of Heka: the message: expected a mapping, found a whole number'],
])('the message %j is refused', (value, message) => {
  expect(() => parseMessageForm(value)).toThrow(message)
})

test('a notification is a message whose payload is its text', () => {
  const notification = {
    event_type: 'compute.instance.exists',
    message_id: '0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0',
    publisher_id: 'compute.host-1',
    priority: 'ERROR',
    timestamp: '2026-01-31 18:00:00.5',
    _context_tenant: 't',
  }
  const message = decodeMessage(notificationMessage('the text', notification))
  expect({
    uuid: message.uuid?.toString('hex'),
    timestamp: message.timestamp,
    logger: message.logger?.toString(),
    severity: message.severity,
    payload: message.payload?.toString(),
    hostname: message.hostname?.toString(),
    fields: message.fields.map(({ name, strings }) => [name?.toString(), strings[0]?.toString()]),
  }).toEqual({
    uuid: '0f1e2d3c4b5a69788796a5b4c3d2e1f0',
    timestamp: 1_769_882_400_500_000_000n,
    logger: 'compute',
    severity: 3,
    payload: 'the text',
    hostname: 'host-1',
    fields: [
      ['event_type', 'compute.instance.exists'],
      ['_context_tenant', 't'],
    ],
  })
})

test('the message of the original has a uuid that is none, and a time in whole seconds', () => {
  const { uuid, timestamp, pid, severity, type, fields } = decodeMessage(originalMessage(1234))
  expect([uuid?.length, timestamp, pid, severity, type, fields.length]).toEqual([
    28,
    1_000_000_000n,
    1234,
    undefined,
    undefined,
    0,
  ])
})

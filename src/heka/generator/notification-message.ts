import { createHash } from 'node:crypto'
import { parseIso } from '../../domain/time.ts'
import { encodeMessage } from '../wire/encode-message.ts'
import { textField } from './text-field.ts'

const PRIORITIES = new Map(Object.entries({ CRITICAL: 2, ERROR: 3, WARN: 4, INFO: 6, DEBUG: 7 }))
const NAMES = ['event_type', '_context_request_id', '_context_tenant', '_context_user']

/** Returns a notification of OpenStack as a message: its text is the payload, its names are type, logger and fields. */
export function notificationMessage(body: string, notification: { readonly [key: string]: unknown }): Buffer {
  const text = (key: string) => (typeof notification[key] === 'string' ? (notification[key] as string) : '')
  const [service = '', host = ''] = text('publisher_id').split('.')
  const micros = parseIso(text('timestamp'))
  const id = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i.test(text('message_id'))
    ? Buffer.from(text('message_id').replaceAll('-', ''), 'hex')
    : createHash('sha256').update(text('message_id')).digest().subarray(0, 16)
  return encodeMessage({
    uuid: id,
    timestamp: micros === undefined ? undefined : BigInt(micros) * 1000n,
    type: Buffer.from('openstack.notification'),
    logger: Buffer.from(service),
    severity: PRIORITIES.get(text('priority')) ?? 6,
    payload: Buffer.from(body),
    hostname: Buffer.from(host),
    fields: NAMES.filter((name) => text(name) !== '').map((name) => textField(name, text(name))),
  })
}

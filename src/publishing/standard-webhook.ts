import { createHmac } from 'node:crypto'

/** What a signed message is made of. */
export type WebhookMessage = {
  /** the same whenever the message is sent again */
  readonly id: string
  /** time of sending, s since the epoch */
  readonly timestamp: number
  /** the body as it is before it is packed */
  readonly body: string
  /** `whsec_` and a key in base64, or a key as it is */
  readonly secret: string
}

/**
 * Returns the headers by which a receiver that follows Standard Webhooks knows the sender and a message that comes
 * twice or late.
 *
 * @example
 * standardHeaders({ id: 'msg_1', timestamp: 1700000000, body: '[]', secret: 'whsec_c2VjcmV0' })['webhook-signature']
 */
export function standardHeaders({ id, timestamp, body, secret }: WebhookMessage): {
  readonly [header: string]: string
} {
  const key = secret.startsWith('whsec_') ? Buffer.from(secret.slice('whsec_'.length), 'base64') : secret
  const signature = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')
  return {
    'webhook-id': id,
    'webhook-timestamp': String(timestamp),
    'webhook-signature': `v1,${signature}`,
  }
}

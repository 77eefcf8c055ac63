import type { World } from './world.ts'

/** One message and what must become of it. */
export type Sent = {
  readonly body: Buffer
  readonly messageId: string
  readonly becomes: 'event' | 'dead letter' | 'nothing'
}

const HOSTS = ['a', 'b', 'c', 'd', 'e']
const TYPES = ['x.start', 'x.update', 'x.update', 'x.update', 'x.end']
/** Streams of this host kill the worker that runs them. */
export const POISON = 'poison'

export function isRefused(messageId: string): boolean {
  return messageId.startsWith('refused')
}

/** The next message: mostly an event of its time, at times late, early, undated, repeated, retimed or in trouble. */
export function nextMessage(world: World, sent: readonly Sent[]): Sent {
  const { random } = world
  const number = sent.length
  const trouble = random.fraction()
  if (trouble < 0.08 && number > 0) return repeated(random.pick(sent), random.int(0, 1) === 1)
  if (trouble < 0.1) return { body: Buffer.from(`{"cut ${number}`), messageId: '', becomes: 'dead letter' }
  if (trouble < 0.12) return made(`refused${number}`, 'x.update', random.pick(HOSTS), 0, 'dead letter')
  if (trouble < 0.15) return made(`m${number}`, 'unknown', random.pick(HOSTS), 0, 'nothing')
  if (trouble < 0.16) return made(`m${number}`, 'x.end', POISON, 0, 'event')
  if (trouble < 0.18) return made(`m${number}`, random.pick(TYPES), random.pick(HOSTS), undefined, 'event')
  const skewMs = trouble < 0.3 ? random.int(-8000, 3000) : random.int(-50, 0)
  return made(`m${number}`, random.pick(TYPES), random.pick(HOSTS), skewMs, 'event')
}

function made(
  messageId: string,
  eventType: string,
  host: string,
  skewMs: number | undefined,
  becomes: Sent['becomes'],
): Sent {
  const timestamp = skewMs === undefined ? undefined : new Date(Date.now() + skewMs).toISOString()
  const notification = { message_id: messageId, event_type: eventType, timestamp, payload: { host } }
  return { body: Buffer.from(JSON.stringify(notification)), messageId, becomes }
}

/** The same message, or its id with another time. */
function repeated(first: Sent, isRetimed: boolean): Sent {
  if (!isRetimed || first.becomes !== 'event') return first
  const notification = {
    ...JSON.parse(String(first.body)),
    timestamp: new Date(Date.now() - 1000).toISOString(),
  }
  return { ...first, body: Buffer.from(JSON.stringify(notification)) }
}

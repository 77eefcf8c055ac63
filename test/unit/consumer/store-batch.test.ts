import { expect, test } from 'vitest'
import type { Prepared } from '../../../src/consumer/prepared.ts'
import { StoppedError, storeBatch } from '../../../src/consumer/store-batch.ts'
import { TransientError } from '../../../src/domain/errors.ts'
import { silentLogger } from '../../../src/runtime/logger.ts'
import { Outage } from '../../../src/runtime/outage.ts'
import type { Batch } from '../../../src/store/ports/intake.ts'
import type { Store } from '../../../src/store/store.ts'
import { DELIVERY } from '../../support/delivery.ts'
import { event, routerOf } from '../../support/events.ts'

function message(messageId: string): Prepared {
  const delivery = { ...DELIVERY, body: Buffer.from(messageId) }
  const arrival = { event: event({ messageId }), at: 0, keys: [] }
  return { delivery, record: undefined, outcome: { kind: 'event', arrival } }
}

/** A store that does with each batch what `refuse` says, and keeps what it took. */
function setUp(refuse: (batch: Batch) => Error | undefined, isUp = () => true) {
  const stored: string[] = []
  const dead: string[] = []
  /** the last message of each part with which positions were stored */
  const reported: (string | undefined)[] = []
  const acknowledged: string[] = []
  const stopping = new AbortController()
  const told: string[] = []
  const note = (_: object, text: string) => void told.push(text)
  const store = {
    async storeBatch(batch: Batch) {
      const error = refuse(batch)
      if (error) throw error
      if (batch.reports?.()) reported.push(batch.arrivals.at(-1)?.event.messageId)
      stored.push(...batch.arrivals.map(({ event: one }) => one.messageId))
      dead.push(...batch.deadLetters.map(({ body, stage }) => `${stage} ${body}`))
      return { stored: batch.arrivals.length, duplicates: 0 }
    },
    async ping() {
      if (!isUp()) throw new TransientError('down')
    },
  } as unknown as Store
  const context = {
    store,
    router: routerOf(),
    outage: new Outage({ ...silentLogger, warn: note, info: note }, 'back'),
    signal: stopping.signal,
    reports: () => ({ number: 1, queues: {} }),
    onStored: (part: readonly Prepared[]) => acknowledged.push(String(part.at(-1)?.delivery.body)),
  }
  return {
    stored,
    dead,
    reported,
    told,
    acknowledged,
    stopping,
    run: (batch: Prepared[]) => storeBatch(batch, context),
  }
}

const BATCH = ['a', 'b', 'c', 'd', 'e'].map(message)

const has = (batch: Batch, id: string) => batch.arrivals.some(({ event: one }) => one.messageId === id)

test('a batch is stored in one call and acknowledged by its last message', async () => {
  const { run, stored, acknowledged } = setUp(() => undefined)
  await run(BATCH)
  expect(stored).toEqual(['a', 'b', 'c', 'd', 'e'])
  expect(acknowledged).toEqual(['e'])
})

test('the message that the database refuses is found and becomes a dead letter, the others are stored', async () => {
  const { run, stored, dead, acknowledged } = setUp((batch) =>
    has(batch, 'd') ? new Error('too long') : undefined,
  )
  await run(BATCH)
  expect(stored).toEqual(['a', 'b', 'c', 'e'])
  expect(dead).toEqual(['store d'])
  expect(acknowledged.at(-1)).toBe('e')
  expect(acknowledged).toEqual([...acknowledged].sort())
})

test('a fault of the database is waited out, and costs no message', async () => {
  let failures = 4
  const { run, stored, dead } = setUp(
    () => (failures-- > 0 ? new TransientError('gone') : undefined),
    () => false,
  )
  await run(BATCH)
  expect(stored).toEqual(['a', 'b', 'c', 'd', 'e'])
  expect(dead).toEqual([])
})

test('a database that takes nothing is told once, whatever of a batch is tried, and once that it does again', async () => {
  let failures = 12
  const { run, stored, told } = setUp(() => (failures-- > 0 ? new TransientError('read-only') : undefined))
  await run(BATCH)
  expect(stored).toEqual(['a', 'b', 'c', 'd', 'e'])
  expect(told).toEqual(['read-only; trying again until it works', 'back'])
})

test('a batch that fails again and again while the database answers is divided', async () => {
  const { run, stored, told } = setUp((batch) =>
    batch.arrivals.length > 1 ? new TransientError('deadlock') : undefined,
  )
  await run(BATCH)
  expect(stored).toEqual(['a', 'b', 'c', 'd', 'e'])
  expect(told.filter((line) => line.startsWith('deadlock'))).toHaveLength(
    told.filter((line) => line === 'back').length,
  )
})

test('a message alone is never blamed for what the database does not say of it', async () => {
  let failures = 5
  const { run, dead, stored } = setUp(() =>
    failures-- > 0 ? new TransientError('no such table') : undefined,
  )
  await run(BATCH.slice(0, 1))
  expect(dead).toEqual([])
  expect(stored).toEqual(['a'])
})

test('stopping ends the wait; nothing is acknowledged', async () => {
  const { run, stopping, acknowledged } = setUp(
    () => {
      stopping.abort()
      return new TransientError('gone')
    },
    () => false,
  )
  await expect(run(BATCH)).rejects.toBeInstanceOf(StoppedError)
  expect(acknowledged).toEqual([])
})

test('positions are those behind the whole batch: of a divided one they are stored with its last part', async () => {
  const { run, stored, reported } = setUp((batch) => (has(batch, 'a') ? new Error('too long') : undefined))
  await run(BATCH)
  expect(stored).toEqual(['b', 'c', 'd', 'e'])
  expect(reported).toEqual(['e'])
})

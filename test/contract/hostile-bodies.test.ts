import fc from 'fast-check'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createManualClock } from '../../src/clock/event-clock.ts'
import { type PrepareContext, prepare } from '../../src/consumer/prepare.ts'
import { arrivalOf, deadLettersOf, type Prepared } from '../../src/consumer/prepared.ts'
import { compileDefinitions } from '../../src/distiller/definition.ts'
import { createDistiller } from '../../src/distiller/distiller.ts'
import type { Page } from '../../src/store/ports/queries.ts'
import { createSqlStore } from '../../src/store/sql-store.ts'
import { wellFormed } from '../../src/text/well-formed.ts'
import { archivedText } from '../support/archived-text.ts'
import { corpusOf, nearCorpus } from '../support/corpus.ts'
import { DATABASES } from '../support/databases.ts'
import { DELIVERY } from '../support/delivery.ts'
import { at, routerOf } from '../support/events.ts'

const NOW = at('2026-01-02T00:00:00')
const ALL: Page = { limit: 0, mark: undefined, ascending: true }
const GOOD = Buffer.from('{"event_type":"hostile.end","message_id":"good","payload":{"t":"good","i":1}}')

const definitions = compileDefinitions(
  [
    {
      event_type: 'hostile.*',
      traits: {
        __proto__: { fields: 'payload.proto' },
        constructor: { fields: 'payload.constructor' },
        toString: { fields: 'payload.toString' },
        i: { fields: 'payload.i', type: 'int' },
        f: { fields: 'payload.f', type: 'float' },
        d: { fields: 'payload.d', type: 'datetime' },
        t: { fields: 'payload.t' },
        all: { fields: 'payload.deep.$..*' },
      },
    },
  ],
  () => {},
)

const router = routerOf(
  { name: 'by text', distinguished_by: ['t'] },
  { name: 'by day', distinguished_by: ['i', { timestamp: 'day' }] },
  { name: 'by number', distinguished_by: ['f'] },
)

const corpus = corpusOf('bodies')
const near = nearCorpus(corpus.filter(({ length }) => length < 20_000))

describe.each(DATABASES)('in $name', ({ open }) => {
  async function openIntake() {
    const database = await open()
    const store = await createSqlStore(database, { writer: 'test', indexedTraits: ['t', 'i'] })
    onTestFinished(() => store.close())
    const context: PrepareContext = {
      distiller: createDistiller(definitions, { catchAll: true }),
      router,
      clock: createManualClock(NOW),
      maxMessageBytes: 1_000_000,
      encode: store.encode,
    }
    /** Stores bodies in one batch; each becomes an event or a dead letter, none both. */
    const take = async (bodies: readonly Buffer[]): Promise<Prepared[]> => {
      const prepared = bodies.map((body) => prepare({ ...DELIVERY, body }, context))
      for (const { outcome, record } of prepared) {
        expect(outcome.kind).toMatch(/^(event|refused)$/)
        if (outcome.kind === 'refused') expect(outcome.deadLetter.reason).not.toBe('')
        expect(archivedText(record)).not.toBe('')
        expect(archivedText(record).includes('\n'), 'an archive has a line for each message').toBe(false)
      }
      const arrivals = prepared.flatMap((one) => arrivalOf(one) ?? [])
      const deadLetters = prepared.flatMap(deadLettersOf)
      const { stored, duplicates } = await store.storeBatch({ arrivals, deadLetters }, router)
      expect(stored + duplicates).toBe(arrivals.length)
      return prepared
    }
    return { store, take }
  }

  test('each of the corpus is an event or a dead letter, and costs its neighbours nothing', async () => {
    const { store, take } = await openIntake()
    const prepared: Prepared[] = []
    for (let from = 0; from < corpus.length; from += 20)
      prepared.push(...(await take(corpus.slice(from, from + 20))))
    await take([GOOD])
    const ids = new Set(prepared.flatMap((one) => arrivalOf(one)?.event.messageId ?? []))
    expect(await store.countEvents({}, ALL)).toBe(ids.size + 1)
    const letters = prepared.flatMap(deadLettersOf)
    // Of bodies that are the same without a byte order mark there is one.
    const different = new Set(letters.map(({ stage, body }) => `${stage} ${body.toString('latin1')}`))
    expect(letters.length - different.size).toBeLessThanOrEqual(1)
    expect(await store.countDeadLetters({})).toBe(different.size)
    for (const id of [...ids].map(wellFormed))
      expect(await store.findEvent(id)).toMatchObject({ messageId: id })
  })

  test('so is what comes near to them', async () => {
    const { store, take } = await openIntake()
    await fc.assert(
      fc.asyncProperty(fc.array(near, { minLength: 20, maxLength: 20 }), async (bodies) => {
        const id = `good ${await store.countEvents({}, ALL)}`
        const good = Buffer.from(String(GOOD).replace('"good"', JSON.stringify(id)))
        await take([...bodies, good])
        expect(await store.findEvent(id)).toMatchObject({ messageId: id, eventType: 'hostile.end' })
      }),
      { numRuns: 100 },
    )
  })
})

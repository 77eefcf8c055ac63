import { join, resolve } from 'node:path'
import { expect, test } from 'vitest'
import { openEngine } from '../../../src/engine/engine.ts'
import { loadDistiller } from '../../../src/engine/load-distiller.ts'
import { compileTimeExpression } from '../../../src/engine/time-expression.ts'
import { temporaryFolder } from '../../support/folders.ts'

const SHOP = resolve(import.meta.dirname, '../../../docs/examples/a-service-that-is-not-openstack')
const CONFIG = `${SHOP}/winchester.yaml`
const MARCH_14 = Date.UTC(2026, 2, 14, 12) * 1000

/** A message of the shop, `hours` after nine o'clock. */
function message(eventType: string, id: string, hours = 0) {
  const timestamp = new Date(Date.UTC(2026, 2, 14, 9 + hours)).toISOString()
  return { event_type: eventType, message_id: id, timestamp, order: { id: 'A-1', total: '7.00 EUR' } }
}

test('notifications join streams, a complete one fires, and what repeats changes nothing', async () => {
  const database = `sqlite:${join(temporaryFolder(), 'shop.db')}`
  const engine = await openEngine({ config: CONFIG, database, now: () => MARCH_14 })
  const whole = [
    message('order.placed', '1'),
    message('order.paid', '2', 1),
    message('order.shipped', '3', 2),
  ]
  expect(await engine.add([...whole.slice(0, 2), message('stock.low', '4'), 'no JSON'])).toMatchObject({
    stored: 2,
    duplicates: 0,
    dropped: 1,
    refused: [{ index: 3, reason: expect.stringContaining('is not JSON') }],
  })
  expect(await engine.runDue()).toBe(0)
  expect(await engine.add(whole.map((one) => JSON.stringify(one)))).toMatchObject({
    stored: 1,
    duplicates: 2,
  })
  expect(await engine.runDue()).toBe(1)
  const [stream] = await engine.streams({ name: 'order' })
  expect(stream).toMatchObject({ state: 'completed', eventCount: 3 })
  expect((await engine.eventsOf(stream?.id ?? 0)).map(({ messageId }) => messageId)).toEqual(['1', '2', '3'])
  await engine.close()

  const again = await openEngine({ config: CONFIG, database, upgrade: false, now: () => MARCH_14 })
  expect(await again.runDue()).toBe(0)
  expect(await again.streams({ state: 'completed' })).toHaveLength(1)
  await again.close()
})

test('a stream expires by the time that is given to the engine', async () => {
  let now = MARCH_14
  const engine = await openEngine({ config: CONFIG, database: 'sqlite::memory:', now: () => now })
  await engine.add([message('order.placed', '1')])
  expect(await engine.runDue()).toBe(0)
  now += 8 * 86_400_000_000
  expect(await engine.runDue()).toBe(1)
  await engine.close()
})

test('without its tables a database is refused where they are not to be created', async () => {
  const opened = openEngine({ config: CONFIG, database: 'sqlite::memory:', upgrade: false })
  await expect(opened).rejects.toThrow('the database has no current schema')
})

test('a distiller alone makes events', async () => {
  const definitions = resolve(import.meta.dirname, '../../../config/event_definitions.yaml')
  const distiller = await loadDistiller(definitions, { catchAll: true })
  expect(
    distiller.distil({ event_type: 'a.b', message_id: '1', timestamp: '2026-03-14T09:00:00' }),
  ).toMatchObject({
    kind: 'event',
    event: { eventType: 'a.b', timestamp: Date.UTC(2026, 2, 14, 9) * 1000 },
  })
  expect(distiller.distil('[]')).toMatchObject({ kind: 'failed' })
})

test('a time expression is a range or a single time', () => {
  const timestamp = MARCH_14
  const day = compileTimeExpression('day($timestamp)')
  const begin = Date.UTC(2026, 2, 14) * 1000
  expect(day.evaluate({ timestamp })).toEqual({ begin, end: begin + 86_400_000_000 })
  expect([day.holds(begin, { timestamp }), day.holds(begin - 1, { timestamp })]).toEqual([true, false])
  expect(compileTimeExpression('$timestamp + 1h').evaluate({ timestamp })).toEqual({
    begin: timestamp + 3_600_000_000,
    end: timestamp + 3_600_000_000,
  })
  expect(() => compileTimeExpression('day(')).toThrow()
})

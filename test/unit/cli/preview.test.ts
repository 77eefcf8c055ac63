import { join } from 'node:path'
import { expect, test } from 'vitest'
import { formatIso, MICROS_PER_HOUR } from '../../../src/domain/time.ts'
import { writeLines } from '../../support/notifications.ts'
import { ORDER_WINCHESTER, Orders } from '../../support/orders.ts'
import { runInProcess } from '../../support/run-in-process.ts'

/** A notification of an order so many hours ago. */
function lineAgo(order: string, step: string, hours: number): string {
  return JSON.stringify({
    event_type: `order.${step}`,
    message_id: `${order}-${step}`,
    timestamp: formatIso(Date.now() * 1000 - hours * MICROS_PER_HOUR),
    payload: { order, amount: 5 },
  })
}

const TRIGGERS = `
- name: orders
  distinguished_by: [order]
  match_criteria: [{event_type: [order.*, '!order.billed']}]
  fire_criteria: [{event_type: order.paid}]
  expiration: $last + 2h
  fire_pipeline: bill
- name: amounts
  distinguished_by: [amount]
  match_criteria: [{event_type: order.done}]
  fire_criteria: []
  expiration: $last + 1h
  fire_pipeline: bill
`

async function twoConfigurations() {
  const present = await new Orders().prepare()
  const lines = [
    lineAgo('old', 'placed', 240),
    lineAgo('a', 'placed', 6),
    lineAgo('a', 'done', 5.5),
    lineAgo('b', 'placed', 5),
    lineAgo('b', 'paid', 4.9),
  ]
  const file = writeLines(present.folder, 'orders.jsonl', lines)
  await runInProcess('stv3', ['replay', file, '-c', present.config])
  // Its own database is not looked at.
  const next = new Orders({ 'triggers.yaml': TRIGGERS, 'winchester.yaml': ORDER_WINCHESTER })
  return { present, next }
}

test('preview shows what the triggers of a new configuration would do otherwise', async () => {
  const { present, next } = await twoConfigurations()
  const { code, stdout, stderr } = await runInProcess('stv3', [
    ...['preview', '-c', next.config, '--against', present.config, '--last', '1d', '--json'],
  ])
  expect(stderr).toBe('3 keys differ, 0 keys are the same\n')
  expect(code).toBe(1)
  const lines = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  const of = (name: string, value: unknown) =>
    lines.find(
      ({ stream }) => Object.values(stream.distinguishing_traits)[0] === value && stream.name === name,
    )
  expect(of('orders', 'b').differences).toEqual([
    { what: 'ends', stream: 1, before: 'expires', after: 'fires' },
  ])
  expect(of('orders', 'a').differences[0].what).toBe('ends')
  expect(of('amounts', 5)).toMatchObject({ before: [], after: [{ ends: 'fires', events: 1 }] })
  const streams = await present.look((store) =>
    store.listStreams({}, { limit: 10, mark: undefined, ascending: true }),
  )
  expect(streams).toHaveLength(3)
})

test('preview of the same triggers finds no difference', async () => {
  const { present } = await twoConfigurations()
  const { code, stdout } = await runInProcess('stv3', [
    'preview',
    '-c',
    present.config,
    '--against',
    present.config,
  ])
  expect(code).toBe(0)
  expect(stdout).toMatch(/^\d+ events of the database\n0 keys differ, 2 keys are the same\n$/)
})

test.each(['', '7', 'tomorrow', '0d'])('--last %j is refused', async (last) => {
  const { config } = new Orders()
  const { code } = await runInProcess('stv3', [
    'preview',
    '-c',
    config,
    '--against',
    join(config),
    '--last',
    last,
  ])
  expect(code).toBe(2)
})

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { writeLines } from '../../support/notifications.ts'
import { ORDER_LINES, ORDER_WINCHESTER, Orders, orderLine } from '../../support/orders.ts'
import { runInProcess } from '../../support/run-in-process.ts'

const ALL = { limit: 1000, mark: undefined, ascending: true }

async function replayedOrders() {
  const orders = await new Orders().prepare()
  const file = writeLines(orders.folder, 'orders.jsonl', ORDER_LINES)
  const run = (...options: string[]) =>
    runInProcess('stv3', ['replay', file, '-c', orders.config, ...options])
  expect((await run()).code).toBe(0)
  return { orders, file, run }
}

const DEFINITIONS = `
- event_type: order.*
  traits:
    order: {fields: payload.order}
    amount: {fields: payload.amount, type: float}
    step: {fields: event_type}
`

test('--redistil gives stored events the traits of changed definitions, and fires nothing', async () => {
  const { orders, file, run } = await replayedOrders()
  const streams = () => orders.look((store) => store.listStreams({}, ALL))
  const before = await streams()
  writeFileSync(join(orders.folder, 'definitions.yaml'), DEFINITIONS)
  writeLines(orders.folder, 'orders.jsonl', [...ORDER_LINES, orderLine('z', 'placed', 0), 'nonsense'])
  const { stdout, stderr, code } = await run('--redistil', '--json')
  expect([code, stderr]).toEqual([0, ''])
  expect(JSON.parse(stdout)).toEqual({
    complete: true,
    read: 7,
    refused: 1,
    undefined: 0,
    found: 6,
    changed: 6,
    missing: 1,
    first_missing: ['z-placed'],
    indexed: 0,
    traits: { added: { step: 6 }, retyped: { amount: 6 }, revalued: {}, removed: {} },
  })
  const event = await orders.look((store) => store.findEvent('a-paid'))
  expect(event?.traits).toEqual({
    order: { type: 'text', value: 'a' },
    amount: { type: 'float', value: 5 },
    step: { type: 'text', value: 'order.paid' },
  })
  expect(await streams()).toEqual(before)
  expect(await orders.look((store) => store.countEvents({ eventType: 'order.billed' }, ALL))).toBe(3)
  const again = await runInProcess('stv3', ['replay', file, '-c', orders.config, '--redistil'])
  expect(again.stdout).toContain('  6 events looked at, 0 changed\n')
  expect(again.stdout).toContain('  1 not stored: z-placed\n')
})

test('a trait that is indexed later is in the index for all events after --redistil', async () => {
  const { orders, run } = await replayedOrders()
  writeFileSync(orders.config, `${ORDER_WINCHESTER}indexed_traits: [amount]\n`)
  expect(JSON.parse((await run('--redistil', '--json')).stdout)).toMatchObject({ changed: 0, indexed: 9 })
  expect(JSON.parse((await run('--redistil', '--json')).stdout)).toMatchObject({ changed: 0, indexed: 0 })
  const amount = { name: 'amount', values: [{ type: 'int' as const, value: 5 }] }
  expect(await orders.look((store) => store.countEvents({ traits: [amount] }, ALL))).toBe(9)
})

test('of two notifications with one message id the first counts, as when they were stored', async () => {
  const { orders, run } = await replayedOrders()
  const second = orderLine('a', 'placed', 0, { amount: 99 })
  // Far enough behind the first to be in another batch.
  const others = Array.from({ length: 600 }, (_, at) => orderLine(`x${at}`, 'placed', 1))
  writeLines(orders.folder, 'orders.jsonl', [...ORDER_LINES, ...others, second])
  const { stdout } = await run('--redistil', '--json')
  expect(JSON.parse(stdout)).toMatchObject({ found: 6, changed: 0, missing: 600 })
  expect((await orders.look((store) => store.findEvent('a-placed')))?.traits.amount).toEqual({
    type: 'int',
    value: 5,
  })
})

import { setImmediate as nextTurn } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import { StreamOrder } from '../../../src/logs/processor/stream-order.ts'

/** Collects what nothing refers to. */
function collectGarbage(): void {
  setFlagsFromString('--expose-gc')
  runInNewContext('gc')()
}

test('the order of a stream that is written for ever keeps nothing of what is written', async () => {
  const order = new StreamOrder()
  const [first, second] = [new AbortController(), new AbortController()]
  const written = async () => {
    const outcome = {}
    await order.inTurn('s', first.signal)
    order.note('s', Promise.resolve(outcome))
    return new WeakRef(outcome)
  }
  const outcomes = [await written(), await written()]
  await order.inTurn('s', second.signal)
  await nextTurn()
  collectGarbage()
  expect(outcomes.map((one) => one.deref())).toEqual([undefined, undefined])
})

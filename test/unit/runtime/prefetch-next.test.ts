import { setImmediate as immediate } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { prefetchNext } from '../../../src/runtime/prefetch-next.ts'

/** Numbers up to `last`, with what became of them; `fault` stands for what comes after them. */
function counting(last: number, fault?: Error) {
  const made: number[] = []
  const dropped: number[] = []
  let isOver = false
  async function* source() {
    try {
      for (let one = 1; one <= last; one++) {
        made.push(one)
        yield one
      }
      if (fault) throw fault
    } finally {
      isOver = true
    }
  }
  const items = prefetchNext(source(), async (unused) => void dropped.push(unused))
  return { items, made, dropped, isOver: () => isOver }
}

test('all items pass in order, each while the next is made', async () => {
  const { items, made, dropped, isOver } = counting(3)
  const passed: number[][] = []
  for await (const item of items) passed.push([item, made.length])
  expect(passed).toEqual([
    [1, 2],
    [2, 3],
    [3, 3],
  ])
  expect(dropped).toEqual([])
  expect(isOver()).toBe(true)
})

test('what was made for nobody is dropped, and the source is ended', async () => {
  const { items, made, dropped, isOver } = counting(9)
  for await (const item of items) if (item === 2) break
  expect(made).toEqual([1, 2, 3])
  expect(dropped).toEqual([3])
  expect(isOver()).toBe(true)
})

test('a failure is told after the items before it', async () => {
  const { items, dropped } = counting(2, new Error('no more'))
  const passed: number[] = []
  const passing = (async () => {
    for await (const item of items) {
      // Slowly: nobody waits for the failure when it comes.
      await immediate()
      passed.push(item)
    }
  })()
  await expect(passing).rejects.toThrow('no more')
  expect(passed).toEqual([1, 2])
  expect(dropped).toEqual([])
})

test('one that fails with an item in hand is dropped its next, and its own failure is told', async () => {
  const { items, dropped } = counting(2, new Error('no more'))
  const passing = (async () => {
    for await (const item of items) throw new Error(`not ${item}`)
  })()
  await expect(passing).rejects.toThrow('not 1')
  expect(dropped).toEqual([2])
})

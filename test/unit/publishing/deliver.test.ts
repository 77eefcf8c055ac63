import { expect, test } from 'vitest'
import { TransientError } from '../../../src/domain/errors.ts'
import { deliver } from '../../../src/publishing/deliver.ts'
import { openReceiver } from '../../../src/publishing/open-receiver.ts'
import { createShared } from '../../../src/runtime/shared.ts'

test('of many that wait for one server the first tells that it is away, and the first that it is back', async () => {
  const lines: string[] = []
  const note = (_: object, text: string) => void lines.push(text)
  const context = { signal: new AbortController().signal }
  const services = { logger: { info: note, warn: note }, shared: createShared() }
  let isAway = true
  const tried = { a: 0, b: 0 }
  const send = (to: 'a' | 'b') =>
    deliver(
      openReceiver(services, to),
      {
        async attempt() {
          // All have tried, and some again.
          if (++tried[to] > 20 && to === 'b') isAway = false
          if (isAway) throw new TransientError(`${to} is away`)
        },
      },
      { initialMs: 1, maxMs: 2 },
      context,
    )
  await Promise.all(Array.from({ length: 10 }, () => [send('a'), send('b')]).flat())
  expect(lines.toSorted()).toEqual([
    'a is away; trying again until it works',
    'a takes what is sent again',
    'b is away; trying again until it works',
    'b takes what is sent again',
  ])
})

import { expect, test } from 'vitest'
import { Narrowing } from '../../../../src/broker/amqp/narrowing.ts'

const body = (name: string) => Buffer.from(name)

/** A channel that delivers these and is lost. */
function lose(narrowing: Narrowing, bodies: readonly string[], acknowledged = 0): (string | undefined)[] {
  narrowing.opened()
  const faults = bodies.map((name) => narrowing.delivered(body(name)))
  for (let n = 0; n < acknowledged; n++) narrowing.acknowledged()
  narrowing.lost()
  return faults
}

test('losses with progress between them, or with nothing at hand, are nobody’s fault', () => {
  const narrowing = new Narrowing()
  for (let n = 0; n < 5; n++) {
    lose(narrowing, ['a', 'b'], 1)
    lose(narrowing, [])
    lose(narrowing, ['a', 'b'])
    expect(narrowing.isNarrow).toBe(false)
  }
})

test('after two losses of the same many one is read at a time; the one that goes on is set aside, and then many are read', () => {
  const narrowing = new Narrowing()
  lose(narrowing, ['a', 'poison', 'b'])
  lose(narrowing, ['a', 'poison', 'b'])
  expect(narrowing.isNarrow).toBe(true)
  narrowing.opened()
  expect(narrowing.delivered(body('a'))).toBeUndefined()
  expect(narrowing.acknowledged()).toBe(false)
  expect(narrowing.delivered(body('poison'))).toBeUndefined()
  narrowing.lost()
  expect(lose(narrowing, ['poison'])).toEqual([undefined])
  narrowing.opened()
  expect(narrowing.delivered(body('poison'))).toMatch(/2 times with it alone/)
  expect(narrowing.acknowledged()).toBe(false)
  expect(narrowing.delivered(body('b'))).toBeUndefined()
  expect(narrowing.acknowledged()).toBe(true)
  expect(narrowing.isNarrow).toBe(false)
})

test('read one at a time, a message is suspected for its own losses only', () => {
  const narrowing = new Narrowing()
  lose(narrowing, ['a', 'b', 'c'])
  lose(narrowing, ['a', 'b', 'c'])
  for (const name of ['a', 'b', 'a', 'b', 'a']) expect(lose(narrowing, [name])).toEqual([undefined])
})

import { expect, test } from 'vitest'
import { Returns } from '../../../../src/broker/amqp/returns.ts'

test('a message that was returned is known by its id until it is settled', () => {
  const returns = new Returns()
  returns.sent('a')
  returns.sent('b')
  returns.returned('a')
  expect([returns.settled('b'), returns.settled('a')]).toEqual([false, true])
  returns.sent('a')
  expect(returns.settled('a')).toBe(false)
})

test('of several with one id all count as returned from then on, and none that was settled before', () => {
  const returns = new Returns()
  for (let n = 0; n < 3; n++) returns.sent('a')
  expect(returns.settled('a')).toBe(false)
  returns.returned('a')
  expect([returns.settled('a'), returns.settled('a')]).toEqual([true, true])
})

test('what nobody has sent is passed over', () => {
  const returns = new Returns()
  returns.returned('a')
  expect(returns.settled('a')).toBe(false)
})

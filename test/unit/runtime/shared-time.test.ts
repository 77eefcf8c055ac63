import { expect, test } from 'vitest'
import { createSharedTime } from '../../../src/runtime/shared-time.ts'

function setUp() {
  let machine = 0
  const time = createSharedTime({ settleMs: 500, idleMs: 2000, forgetMs: 5000, now: () => machine })
  return { time, pass: (ms: number) => (machine += ms) }
}

test('a time counts once it has settled', () => {
  const { time, pass } = setUp()
  expect(time.now()).toBe(0)
  time.post({ source: 'a', time: 100, busy: false })
  expect(time.now()).toBe(0)
  pass(500)
  expect(time.now()).toBe(100)
})

test('it never goes back', () => {
  const { time, pass } = setUp()
  time.post({ source: 'a', time: 100, busy: false })
  pass(500)
  time.now()
  time.post({ source: 'a', time: 50, busy: true })
  pass(500)
  expect(time.now()).toBe(100)
})

test('a busy process holds the others back until it has stored what it had', () => {
  const { time, pass } = setUp()
  time.post({ source: 'b', time: undefined, busy: true })
  time.post({ source: 'a', time: 100, busy: false })
  pass(500)
  expect(time.now()).toBe(0)
  time.post({ source: 'b', time: 60, busy: true })
  expect(time.now()).toBe(60)
  time.post({ source: 'b', time: 70, busy: false })
  expect(time.now()).toBe(70)
  pass(500)
  expect(time.now()).toBe(100)
})

test('an idle process holds busy ones back for a while: messages may be on their way to it', () => {
  const { time, pass } = setUp()
  time.post({ source: 'a', time: 100, busy: true })
  time.post({ source: 'b', time: 10, busy: true })
  time.post({ source: 'b', time: 20, busy: false })
  pass(1999)
  expect(time.now()).toBe(20)
  pass(1)
  expect(time.now()).toBe(100)
})

test('the time is the latest once all have been idle together', () => {
  const { time, pass } = setUp()
  time.post({ source: 'a', time: 100, busy: true })
  time.post({ source: 'b', time: 10, busy: true })
  pass(1000)
  time.post({ source: 'a', time: 110, busy: false })
  time.post({ source: 'b', time: 20, busy: false })
  pass(499)
  expect(time.now()).toBe(20)
  pass(1)
  expect(time.now()).toBe(110)
})

test('a process that is not heard of holds nobody back for ever', () => {
  const { time, pass } = setUp()
  time.post({ source: 'b', time: 10, busy: true })
  time.post({ source: 'a', time: 100, busy: false })
  pass(4999)
  expect(time.now()).toBe(10)
  pass(1)
  expect(time.now()).toBe(100)
})

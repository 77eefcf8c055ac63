import { expect, test } from 'vitest'
import { createSharedTime, type TimePost } from '../../../src/clock/shared-time.ts'

function setUp() {
  let machine = 0
  const time = createSharedTime({ quietMs: 500, idleMs: 2000, forgetMs: 5000, now: () => machine })
  const post = (posted: Omit<TimePost, 'reading'>) => time.post({ ...posted, reading: false })
  return { time, post, pass: (ms: number) => (machine += ms) }
}

test('a time counts once it has settled', () => {
  const { time, post, pass } = setUp()
  expect(time.now()).toBe(0)
  post({ source: 'a', time: 100, busy: false })
  expect(time.now()).toBe(0)
  pass(500)
  expect(time.now()).toBe(100)
})

test('it never goes back', () => {
  const { time, post, pass } = setUp()
  post({ source: 'a', time: 100, busy: false })
  pass(500)
  time.now()
  post({ source: 'a', time: 50, busy: true })
  pass(500)
  expect(time.now()).toBe(100)
})

test('a busy process holds the others back until it has stored what it had', () => {
  const { time, post, pass } = setUp()
  post({ source: 'b', time: undefined, busy: true })
  post({ source: 'a', time: 100, busy: false })
  pass(500)
  expect(time.now()).toBe(0)
  post({ source: 'b', time: 60, busy: true })
  expect(time.now()).toBe(60)
  post({ source: 'b', time: 70, busy: false })
  expect(time.now()).toBe(70)
  pass(500)
  expect(time.now()).toBe(100)
})

test('an idle process holds busy ones back for a while: messages may be on their way to it', () => {
  const { time, post, pass } = setUp()
  post({ source: 'a', time: 100, busy: true })
  post({ source: 'b', time: 10, busy: true })
  post({ source: 'b', time: 20, busy: false })
  pass(1999)
  expect(time.now()).toBe(20)
  pass(1)
  expect(time.now()).toBe(100)
})

test('the time is the latest once all have been idle together', () => {
  const { time, post, pass } = setUp()
  post({ source: 'a', time: 100, busy: true })
  post({ source: 'b', time: 10, busy: true })
  pass(1000)
  post({ source: 'a', time: 110, busy: false })
  post({ source: 'b', time: 20, busy: false })
  pass(499)
  expect(time.now()).toBe(20)
  pass(1)
  expect(time.now()).toBe(110)
})

test('while one of the others is busy now and then, an idle process goes on holding them back', () => {
  const { time, post, pass } = setUp()
  post({ source: 'b', time: 10, busy: true })
  post({ source: 'b', time: 20, busy: false })
  pass(400)
  post({ source: 'a', time: 100, busy: true })
  pass(400)
  post({ source: 'a', time: 110, busy: false })
  pass(499)
  expect(time.now()).toBe(20)
  pass(1)
  expect(time.now()).toBe(110)
})

test('one that fell silent while it was reading holds the others back: messages may have been on their way to it', () => {
  const { time, post, pass } = setUp()
  for (let ms = 0; ms <= 2200; ms += 50) {
    time.post({ source: 'b', time: 20, busy: false, reading: true })
    if (ms === 2000) post({ source: 'a', time: 100, busy: false })
    pass(50)
  }
  expect(time.now()).toBe(20)
  // That of the other counts now.
  pass(250)
  expect(time.now()).toBe(20)
  pass(4699)
  expect(time.now()).toBe(20)
  pass(1)
  expect(time.now()).toBe(100)
})

test('one that dies while it holds the others goes on holding them: that it is idle is what it has said', () => {
  const { time, post, pass } = setUp()
  post({ source: 'a', time: 100, busy: true })
  time.post({ source: 'b', time: 10, busy: true, reading: true })
  for (let ms = 0; ms <= 1900; ms += 100) {
    time.post({ source: 'b', time: 20, busy: false, reading: true })
    pass(100)
  }
  expect(time.now()).toBe(20)
  post({ source: 'a', time: 100, busy: true })
  pass(4899)
  expect(time.now()).toBe(20)
  pass(1)
  expect(time.now()).toBe(100)
})

test('two that have been idle together for nearly long enough are not released by the death of one', () => {
  const { time, post, pass } = setUp()
  post({ source: 'a', time: 100, busy: false })
  time.post({ source: 'b', time: 20, busy: true, reading: true })
  for (let ms = 0; ms <= 400; ms += 100) {
    time.post({ source: 'b', time: 20, busy: false, reading: true })
    pass(100)
  }
  expect(time.now()).toBe(20)
})

test('those that are heard of seldom, since the service is slow, do not hold the others for ever', () => {
  const { time, post, pass } = setUp()
  for (let ms = 0; ms < 10_000; ms += 550) {
    time.post({ source: 'b', time: 20, busy: false, reading: true })
    post({ source: 'a', time: 100 + ms, busy: false })
    pass(275)
    time.post({ source: 'c', time: 20, busy: false, reading: true })
    pass(274)
    time.now()
    pass(1)
  }
  expect(time.now()).toBeGreaterThan(100)
})

test('one that stored something between two words was busy', () => {
  const { time, post, pass } = setUp()
  post({ source: 'a', time: 100, busy: true })
  post({ source: 'b', time: 10, busy: false })
  pass(1900)
  post({ source: 'b', time: 20, busy: false })
  pass(1999)
  expect(time.now()).toBe(20)
  pass(1)
  expect(time.now()).toBe(100)
})

test('one that has said that it stops to read is not missed', () => {
  const { time, post, pass } = setUp()
  time.post({ source: 'b', time: 20, busy: false, reading: true })
  pass(2000)
  post({ source: 'b', time: 20, busy: false })
  post({ source: 'a', time: 100, busy: false })
  pass(500)
  expect(time.now()).toBe(100)
})

test('a process that is not heard of holds nobody back for ever', () => {
  const { time, post, pass } = setUp()
  post({ source: 'b', time: 10, busy: true })
  post({ source: 'a', time: 100, busy: false })
  pass(4999)
  expect(time.now()).toBe(10)
  pass(1)
  expect(time.now()).toBe(100)
})

test('a time of more than a day ahead is not taken, what else is said with it is', () => {
  const { time, post, pass } = setUp()
  const ahead = Date.now() * 1000 + 26 * 3_600_000_000
  expect(post({ source: 'a', time: 100, busy: false })).toBe('taken')
  expect(post({ source: 'b', time: ahead, busy: true })).toBe('ahead')
  pass(500)
  expect(time.now()).toBe(0)
  expect(post({ source: 'b', time: 60, busy: true })).toBe('taken')
  expect(time.now()).toBe(60)
  pass(500)
  expect(time.now()).toBe(60)
})

test('sources are bounded: those that are heard of stay, those that fell silent make room', () => {
  const { post, pass } = setUp()
  const outcomes = Array.from({ length: 3000 }, (_, n) =>
    post({ source: `s${n}`, time: undefined, busy: true }),
  )
  const taken = outcomes.filter((outcome) => outcome === 'taken').length
  expect(taken).toBeGreaterThanOrEqual(500)
  expect(taken).toBeLessThanOrEqual(2000)
  expect(post({ source: 'new', time: undefined, busy: false })).toBe('crowded')
  pass(4000)
  expect(post({ source: 's1', time: undefined, busy: true })).toBe('taken')
  expect(post({ source: 'new', time: undefined, busy: false })).toBe('crowded')
  pass(1000)
  for (let n = 1; n < taken; n++)
    expect(post({ source: `new${n}`, time: undefined, busy: false })).toBe('taken')
  expect(post({ source: 'more', time: undefined, busy: false })).toBe('crowded')
  expect(post({ source: 's1', time: undefined, busy: true })).toBe('taken')
})

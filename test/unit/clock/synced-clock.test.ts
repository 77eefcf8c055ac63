import { createServer, type Server } from 'node:http'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { SyncedClock, timeUrl } from '../../../src/clock/synced-clock.ts'
import { silentLogger } from '../../../src/runtime/logger.ts'
import { at } from '../../support/events.ts'
import { until } from '../../support/until.ts'

type Post = { source: string; time: string | null; busy: boolean; reading: boolean }

let server: Server
let endpoint: string
let posts: Post[]
let answers: boolean

beforeEach(async () => {
  posts = []
  answers = true
  server = createServer((request, response) => {
    if (!answers) return
    let body = ''
    request.on('data', (chunk) => {
      body += chunk
    })
    request.on('end', () => {
      if (request.method === 'POST') posts.push(JSON.parse(body))
      response.end('2026-01-01T00:00:00.000000')
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  endpoint = `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}/time`
})

afterEach(() => {
  server.closeAllConnections()
  server.close()
})

async function start(role: 'reads' | 'posts'): Promise<SyncedClock> {
  const clock = new SyncedClock({ endpoint, source: 'me', role, logger: silentLogger })
  await clock.start()
  return clock
}

test('a reader has the time of the service', async () => {
  const clock = await start('reads')
  expect(clock.now()).toBe(at('2026-01-01T00:00:00'))
  await clock.stop()
})

test('a poster is busy before it asks for its first message', async () => {
  const clock = await start('posts')
  expect(posts).toEqual([{ source: 'me', time: null, busy: true, reading: true }])
  await clock.stop()
})

test('a poster says that it is there while it has nothing to do, and with its last word that it goes', async () => {
  const clock = await start('posts')
  await until('rest', () => posts.at(-1)?.busy === false)
  const first = posts.length
  await until('more posts', () => posts.length > first + 2)
  expect(posts.at(-1)).toMatchObject({ busy: false, reading: true })
  await clock.stop()
  expect(posts.at(-1)).toMatchObject({ busy: false, reading: false })
})

test('events join at the latest timestamp seen, but none moves the clock into the future', async () => {
  const clock = await start('posts')
  expect(clock.arrive('q', at('2026-02-01T00:00:00'))).toBe(at('2026-02-01T00:00:00'))
  expect(clock.arrive('q', at('2026-01-15T00:00:00'))).toBe(at('2026-02-01T00:00:00'))
  expect(clock.arrive('q', at('2999-01-01T00:00:00'))).toBe(at('2026-02-01T00:00:00'))
  await clock.stop()
})

test('while two queues have messages in hand, the earlier of their times is told', async () => {
  const clock = await start('posts')
  clock.hold('q1')
  clock.hold('q2')
  clock.storedUpTo('q1', at('2026-02-01T00:00:00'))
  await until('a post', () => posts.length > 2)
  expect(posts.at(-1)).toMatchObject({ time: null, busy: true })
  clock.storedUpTo('q2', at('2026-01-15T00:00:00'))
  await until('the time of q2', () => posts.at(-1)?.time === '2026-01-15T00:00:00.000000')
  clock.release('q2')
  await until('the time of q1', () => posts.at(-1)?.time === '2026-02-01T00:00:00.000000')
  clock.release('q1')
  await until('rest', () => posts.at(-1)?.busy === false)
  await clock.stop()
})

test('a service that does not answer does not hold up the end', async () => {
  const clock = await start('posts')
  answers = false
  clock.hold('q')
  await clock.stop()
})

test('messages that others gave back are older than what is settled: no later time is told while they are at hand', async () => {
  const clock = await start('posts')
  clock.hold('q')
  clock.storedUpTo('q', at('2026-02-01T00:00:00'))
  clock.holdReturned('q', at('2026-01-15T00:00:00'))
  await until('their time', () => posts.at(-1)?.time === '2026-01-15T00:00:00.000000')
  clock.holdReturned('q', undefined)
  await until('the time of the queue', () => posts.at(-1)?.time === '2026-02-01T00:00:00.000000')
  clock.holdReturned('q', at('2026-01-15T00:00:00'))
  clock.release('q')
  await until('rest', () => posts.at(-1)?.busy === false)
  clock.hold('q')
  await until('the next message', () => posts.at(-1)?.busy === true)
  expect(posts.at(-1)?.time).toBe('2026-02-01T00:00:00.000000')
  clock.release('q')
  await clock.stop()
})

test('they hold the time of a queue of which nothing is stored yet, too', async () => {
  const clock = await start('posts')
  clock.storedUpTo('q1', at('2026-02-01T00:00:00'))
  clock.hold('q1')
  await until('the time of q1', () => posts.at(-1)?.time === '2026-02-01T00:00:00.000000')
  clock.hold('q2')
  clock.holdReturned('q2', at('2026-01-15T00:00:00'))
  await until('their time', () => posts.at(-1)?.time === '2026-01-15T00:00:00.000000')
  await clock.stop()
})

test.each([
  ['the time at which it did', undefined, '2026-01-15T00:00:00.000000'],
  ['that of what others had given back before', '2026-01-10T00:00:00', '2026-01-10T00:00:00.000000'],
])(
  'what this process gave back holds %s for a while, whatever is stored meanwhile',
  async (_, returned, held) => {
    const clock = await start('posts')
    vi.useFakeTimers({ toFake: ['performance'] })
    try {
      clock.hold('q')
      clock.storedUpTo('q', at('2026-01-15T00:00:00'))
      if (returned) clock.holdReturned('q', at(returned))
      clock.gaveBack('q')
      clock.holdReturned('q', undefined)
      clock.storedUpTo('q', at('2026-02-01T00:00:00'))
      clock.release('q')
      const first = posts.length
      await until('some posts', () => posts.length > first + 2)
      expect(posts.at(-1)).toMatchObject({ time: held, busy: true })
      vi.advanceTimersByTime(29_999)
      const second = posts.length
      await until('some more', () => posts.length > second + 2)
      expect(posts.at(-1)).toMatchObject({ time: held, busy: true })
      vi.advanceTimersByTime(1)
      await until('rest', () => posts.at(-1)?.busy === false)
      expect(posts.at(-1)?.time).toBe('2026-02-01T00:00:00.000000')
    } finally {
      vi.useRealTimers()
    }
    await clock.stop()
  },
)

test('the last word of a process that stops with messages at hand is that it has some', async () => {
  const clock = await start('posts')
  clock.storedUpTo('q1', at('2026-02-01T00:00:00'))
  clock.storedUpTo('q2', at('2026-01-15T00:00:00'))
  clock.hold('q1')
  clock.hold('q2')
  clock.release('q1')
  await clock.stop()
  expect(posts.at(-1)).toMatchObject({ time: '2026-01-15T00:00:00.000000', busy: true })
})

test.each([
  ['http://h:8008', 'http://h:8008/time'],
  ['http://h:8008/', 'http://h:8008/time'],
  ['http://h:8008/time', 'http://h:8008/time'],
  ['http://h/stacktach', 'http://h/stacktach/time'],
])('the time at %s is asked for at %s', (given, asked) => {
  expect(timeUrl(given)).toBe(asked)
})

test('a notification of today in a replay of January moves nobody', async () => {
  const clock = await start('posts')
  clock.reads('q', () => true)
  const january = at('2026-01-15T00:00:00')
  const today = Date.now() * 1000
  for (let count = 0; count < 50; count++) {
    if (count % 10 === 5) expect(clock.arrive('q', today)).toBeLessThanOrEqual(Date.now() * 1000)
    expect(clock.arrive('q', january + count)).toBe(january + count)
  }
  clock.hold('q')
  clock.storedUpTo('q', today, clock.prepared('q'))
  await until('the post', () => posts.at(-1)?.time?.startsWith('2026-01-15') === true)
  expect(posts.some(({ time }) => time !== null && time > '2026-02')).toBe(false)
  await clock.stop()
})

test('a time server of the original takes a time as text, and has none until it was told one', async () => {
  let time = 'None'
  const seen: string[] = []
  server.removeAllListeners('request')
  server.on('request', (request, response) => {
    let body = ''
    request.on('data', (chunk) => {
      body += chunk
    })
    request.on('end', () => {
      if (request.method === 'POST') {
        if (body.startsWith('{')) response.statusCode = 500
        else {
          seen.push(body)
          time = body
        }
      }
      response.end(request.method === 'GET' ? time : '')
    })
  })
  const poster = await start('posts')
  const reader = await start('reads')
  expect(reader.now()).toBe(0)
  poster.storedUpTo('q', at('2026-01-15T00:00:00'))
  await until('the time is read', () => reader.now() === at('2026-01-15T00:00:00'))
  expect(new Set(seen)).toEqual(new Set(['1970-01-01T00:00:00.000000', '2026-01-15T00:00:00.000000']))
  await poster.stop()
  await reader.stop()
})

import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { WebSocket } from 'ws'
import { Aggregator } from '../../../src/heka/stats/aggregator.ts'
import type { MetricEvent } from '../../../src/heka/stats/metric-event.ts'
import { folderWith } from '../../support/folders.ts'
import { exchange } from '../../support/heka/http-exchange.ts'
import { startStatsProxy } from '../../support/heka/stats-proxy.ts'
import { until } from '../../support/until.ts'
import { loadVectors } from '../../support/vectors.ts'

type Text =
  | string
  | { readonly prefix: string; readonly repeat: string; readonly times: number; readonly suffix: string }
type StatsVector = {
  readonly id: string
  readonly title: string
  readonly kind: string
  readonly quirk?: string
  readonly events?: readonly Partial<MetricEvent>[]
  readonly repeat?: number
  readonly published?: readonly Text[]
  readonly request?: string | { readonly raw?: string; readonly origin?: string }
  readonly clientSends?: string
  readonly expect: {
    readonly published?: readonly string[]
    readonly body?: string
    readonly frames?: readonly (string | { readonly text: string })[]
    readonly lengths?: readonly number[]
    readonly responses?: readonly {
      readonly status: number
      readonly headers: { readonly [name: string]: string }
      readonly body: string
    }[]
  }
}

const { cases } = loadVectors<{ cases: readonly StatsVector[] }>('heka-stats.json')
const ofKind = (kind: string) => cases.filter((one) => one.kind === kind)

describe('the events of a second become one for each type and sender', () => {
  test.each(ofKind('reporter'))(
    '$id $title',
    ({ events = [], repeat = 1, expect: { published = [] }, quirk }) => {
      const aggregator = new Aggregator()
      for (let count = 0; count < repeat; count++)
        for (const event of events) aggregator.add(wholeEvent(event))
      const texts = aggregator.take()
      if (quirk === undefined) expect(texts.sort()).toEqual([...published].sort().map(inPrecisionOfJson))
      else expect(texts.map((text) => JSON.parse(text).Sender)).toEqual(['a', 'b'])
      expect(aggregator.take()).toEqual([])
    },
  )
})

function wholeEvent(event: Partial<MetricEvent>): MetricEvent {
  const rest = {
    Timestamp: 0,
    Value: 0,
    Sender: '',
    SourceIP: '',
    MetricType: '',
    Threshold: null,
    Aggregate: '',
  }
  return { ...rest, ...event }
}

/** The events of the vectors are read as JSON, which has no integers past 2^53. */
function inPrecisionOfJson(text: string): string {
  return text.replace('"Timestamp":9007199254740993', '"Timestamp":9007199254740992')
}

/** Starts the daemon with events that were published. */
async function startProxy(events: readonly Text[] = [], settings: { readonly [name: string]: string } = {}) {
  const proxy = await startStatsProxy(settings)
  const publish = (text: Text) => proxy.publish(textOf(text))
  for (const event of events) await publish(event)
  await new Promise((resolve) => setImmediate(resolve))
  return { ...proxy, publish }
}

function textOf(text: Text): string {
  return typeof text === 'string' ? text : `${text.prefix}${text.repeat.repeat(text.times)}${text.suffix}`
}

async function follow(port: number, path = '/messages', headers: { readonly [name: string]: string } = {}) {
  const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, { headers })
  const frames: string[] = []
  socket.on('message', (data, isBinary) => frames.push(isBinary ? 'binary' : data.toString()))
  socket.on('error', () => {})
  await Promise.race([once(socket, 'open'), once(socket, 'unexpected-response'), once(socket, 'error')])
  onTestFinished(() => socket.terminate())
  return { socket, frames }
}

describe('the daemon answers as the original', () => {
  test.each(ofKind('proxy'))('$id $title', async ({ published, request = '', expect: wanted }) => {
    const { port } = await startProxy(published)
    const { frames } = await follow(port)
    const [method = '', path = ''] = String(request).split(' ')
    const { responses } = await exchange(port, { method, path }, 1)
    const [response] = responses
    if (wanted.body !== undefined) expect(response?.body).toBe(wanted.body)
    for (const { status, headers, body } of wanted.responses ?? []) {
      expect(response?.status).toBe(status)
      expect(response?.body).toBe(body)
      for (const [name, value] of Object.entries(headers))
        expect(response?.headers[name.toLowerCase()]).toBe(value)
    }
    await until('the frames', () => frames.length >= (wanted.frames?.length ?? 0))
    if (wanted.frames) expect(frames).toEqual(wanted.frames)
  })

  test.each(ofKind('handshake'))('$id $title', async ({ request, expect: wanted }) => {
    const { port } = await startProxy()
    if (typeof request === 'string' || request?.raw === undefined) {
      const { socket } = await follow(port, '/messages', { origin: 'http://elsewhere.example' })
      expect(socket.readyState).toBe(WebSocket.OPEN)
      return
    }
    const [response] = (await exchange(port, request, 1)).responses
    for (const { status, headers, body } of wanted.responses ?? []) {
      expect([response?.status, response?.body]).toEqual([status, body])
      for (const [name, value] of Object.entries(headers))
        expect(response?.headers[name.toLowerCase()]).toBe(value)
    }
  })

  test.each(ofKind('frames'))('$id $title', async ({ published = [], clientSends, expect: wanted }) => {
    const { port, publish } = await startProxy()
    const { socket, frames } = await follow(port)
    if (clientSends?.startsWith('ping')) {
      socket.ping('hi')
      expect(String((await once(socket, 'pong'))[0])).toBe('hi')
      return
    }
    if (clientSends?.startsWith('close')) {
      socket.close(1000)
      expect((await once(socket, 'close'))[0]).toBe(1000)
      return
    }
    for (const text of published) await publish(text)
    await until('the frames', () => frames.length === published.length)
    if (wanted.lengths) expect(frames.map(({ length }) => length)).toEqual(wanted.lengths)
    else
      expect(frames).toEqual(wanted.frames?.map((frame) => (typeof frame === 'string' ? frame : frame.text)))
  })
})

test('a client gets the last 500 events first', async () => {
  const { port } = await startProxy(Array.from({ length: 510 }, (_, index) => `event ${index}`))
  const { frames } = await follow(port)
  await until('the frames', () => frames.length === 500)
  expect([frames[0], frames.at(-1)]).toEqual(['event 10', 'event 509'])
})

test('a token that has changed is asked for after a reload', async () => {
  const folder = folderWith({ token: 'before' })
  const { port, take } = await startProxy([], { PROXY_TOKEN_FILE: join(folder, 'token') })
  const statusWith = async (token: string) => {
    const { responses } = await exchange(port, { method: 'GET', path: `/config?token=${token}` }, 1)
    return responses[0]?.status
  }
  expect([await statusWith('before'), await statusWith('after')]).toEqual([200, 401])
  writeFileSync(join(folder, 'token'), 'after')
  await take()
  expect([await statusWith('before'), await statusWith('after')]).toEqual([401, 200])
})

test('another origin is refused where origins are named', async () => {
  const { port } = await startProxy([], { PROXY_ALLOWED_ORIGINS: 'https://our.example' })
  const refused = await follow(port, '/messages', { origin: 'https://other.example' })
  expect(refused.socket.readyState).not.toBe(WebSocket.OPEN)
  const allowed = await follow(port, '/messages', { origin: 'https://our.example' })
  expect(allowed.socket.readyState).toBe(WebSocket.OPEN)
})

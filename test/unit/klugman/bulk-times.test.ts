import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'
import { beforeEach, expect, onTestFinished, test, vi } from 'vitest'
import { runInProcess } from '../../support/run-in-process.ts'

const TEN_MINUTES_MS = 600_000

/** An action that has ended; its members are those that klugman reads. */
const ENDED = { id: 1, state: 'done', total: 1, ended_at: '2026-01-01T12:10:00', error: null, outcomes: null }

type Asked = { readonly dry_run?: boolean; readonly filter: { readonly [name: string]: string } }

/** Serves actions as the API does, and lets ten minutes pass after each count. Returns its URL and what it was asked for. */
async function slowlyAnswered(): Promise<{ url: string; asked: Asked[] }> {
  const asked: Asked[] = []
  const server = createServer(async (request, response) => {
    response.setHeader('content-type', 'application/json')
    if (request.method === 'GET') return response.end(JSON.stringify(ENDED))
    const body = (await json(request)) as Asked
    asked.push(body)
    if (body.dry_run) vi.setSystemTime(Date.now() + TEN_MINUTES_MS)
    return response.end(JSON.stringify(body.dry_run ? { dry_run: true, count: 1 } : ENDED))
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  onTestFinished(() => void server.close())
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked }
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.parse('2026-01-01T12:00:00Z') })
  return () => vi.useRealTimers()
})

test.each([
  [
    ['streams', '--from', 'yesterday', '--to', '-1h', '--traits', 'size:>4;at:<-2h', '--delete'],
    {
      ...{ younger_than: '2025-12-31T00:00:00', older_than: '2026-01-01T11:00:00' },
      distinguishing_traits: 'size:>4;at:<2026-01-01T10:00:00',
    },
  ],
  [
    ['dead-letters', '--stage', 'distill', '--from', '11:30', '--to', 'now', '--delete'],
    { stage: 'distill', from_datetime: '2026-01-01T11:30:00', to_datetime: '2026-01-01T12:00:00' },
  ],
])('what %j means is the same for the count and for what is done later', async (args, filter) => {
  const { url, asked } = await slowlyAnswered()
  const { code } = await runInProcess('klugman', ['--url', url, ...args, '--all', '--yes'])
  expect(code).toBe(0)
  expect(asked.map((one) => one.dry_run === true)).toEqual([true, false])
  expect(asked.map((one) => one.filter)).toEqual([filter, filter])
})

import { resolve } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'

type Polling = {
  readonly load: () => Promise<void>
  readonly signal: AbortSignal
  readonly error: unknown
  readonly stop: () => void
}

const { createPolling } = (await import(
  resolve(import.meta.dirname, '../../../src/dashboard/page/polling.js')
)) as {
  createPolling: (app: object, everyMs: number, read: () => Promise<unknown>) => Polling
}

const app = { update: vi.fn(), failed: vi.fn() }

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
  vi.clearAllMocks()
})

test('two reads at the same time are followed by one', async () => {
  let reads = 0
  const polling = createPolling(app, 1000, async () => reads++)
  await Promise.all([polling.load(), polling.load()])
  expect([reads, vi.getTimerCount()]).toEqual([2, 1])
  await vi.advanceTimersByTimeAsync(2000)
  expect(reads).toBe(4)
  polling.stop()
  expect([vi.getTimerCount(), polling.signal.aborted]).toEqual([0, true])
})

test('a failure is kept until a read succeeds, and one of the token is handed on', async () => {
  const failures: unknown[] = [Object.assign(new Error('who are you'), { status: 401 }), new Error('away')]
  const polling = createPolling(app, 1000, async () => {
    const failure = failures.shift()
    if (failure) throw failure
  })
  await polling.load()
  expect([String(polling.error), app.failed.mock.calls.length]).toEqual(['Error: who are you', 1])
  await vi.advanceTimersByTimeAsync(1000)
  expect([String(polling.error), app.failed.mock.calls.length]).toEqual(['Error: away', 1])
  await vi.advanceTimersByTimeAsync(1000)
  expect(polling.error).toBeUndefined()
  polling.stop()
})

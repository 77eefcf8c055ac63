import { expect, test, vi } from 'vitest'
import { ReplayProgress } from '../../../src/cli/replay/replay-progress.ts'
import { at } from '../../support/events.ts'

function progressOn(isTTY: boolean) {
  const state = {
    done: undefined as number | undefined,
    now: 0,
    more: '',
    written: '',
    logged: [] as string[],
  }
  const target = {
    isTTY,
    write(text: string) {
      state.written += text
    },
  }
  const progress = new ReplayProgress({
    done: () => state.done,
    more: () => state.more,
    log: (line) => state.logged.push(line),
    target,
    now: () => state.now,
  })
  return { state, progress }
}

test('a terminal shows a bar, the rate and the time left', () => {
  const { state, progress } = progressOn(true)
  state.now = 30_000
  state.done = 0.25
  progress.show(60_000, at('2026-11-19T08:30:00.5'))
  expect(state.written).toBe(
    '\r\u001b[K[#####---------------] 25 %, 60,000 notifications in 30.0 s, 2,000/s, at 2026-11-19T08:30:00, 1 min 30 s left',
  )
})

test('where the size is not known there is neither bar nor time left; elsewhere than on a terminal nothing is shown', () => {
  const { state, progress } = progressOn(true)
  state.now = 1000
  progress.show(5)
  expect(state.written).toBe('\r\u001b[K5 notifications in 1.0 s, 5/s')
  const other = progressOn(false)
  other.state.now = 1000
  other.progress.show(5)
  other.progress.clear()
  expect(other.state.written).toBe('')
})

test.each([true, false])(
  'while nothing is read the line goes on, on a terminal (%s) or in the log',
  (isTTY) => {
    vi.useFakeTimers()
    const { state, progress } = progressOn(isTTY)
    progress.show(5)
    for (let second = 1; second <= 60; second++) {
      state.now = second * 1000
      state.more = `${second} streams run`
      vi.advanceTimersByTime(1000)
    }
    const lines = [30, 60].map((s) => `5 notifications in ${s}.0 s, 0/s, ${s} streams run`)
    if (isTTY) expect(state.written.endsWith(`\r\u001b[K${lines[1]}`)).toBe(true)
    else expect(state.logged).toEqual(lines)
    progress.clear()
    state.logged = []
    vi.advanceTimersByTime(100_000)
    expect(state.logged).toEqual([])
    vi.useRealTimers()
  },
)

import { expect, test } from 'vitest'
import { Progress } from '../../../src/cli/generate/progress.ts'
import { at } from '../../support/events.ts'

const DAY = { start: at('2026-01-01T00:00:00'), end: at('2026-01-02T00:00:00') }

function watched(isTTY: boolean) {
  const written: string[] = []
  let now = 0
  const target = { isTTY, write: (text: string) => void written.push(text) }
  const progress = new Progress(target, DAY, () => now)
  return {
    written,
    progress,
    pass(ms: number) {
      now += ms
    },
  }
}

test('a terminal shows count, rate, time and part, not more often than four times a second', () => {
  const { progress, written, pass } = watched(true)
  progress.add(500, at('2026-01-01T01:00:00'))
  expect(written).toEqual([])
  pass(500)
  progress.add(700, at('2026-01-01T12:00:00.5'))
  expect(written).toEqual(['\r\u001b[K1,200 notifications in 0.5 s, 2,400/s, at 2026-01-01T12:00:00 (50 %)'])
  pass(100)
  progress.add(1, at('2026-01-01T13:00:00'))
  expect(written).toHaveLength(1)
  expect(progress.end()).toBe('1,201 notifications in 0.6 s, 2,002/s')
  expect(written.at(-1)).toBe('\r\u001b[K')
})

test('elsewhere nothing is shown', () => {
  const { progress, written, pass } = watched(false)
  pass(1000)
  progress.add(5, DAY.end)
  expect(progress.end()).toBe('5 notifications in 1.0 s, 5/s')
  expect(written).toEqual([])
})

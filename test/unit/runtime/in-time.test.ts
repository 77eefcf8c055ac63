import { setTimeout as delay } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { inTime } from '../../../src/runtime/in-time.ts'

const late = () => new Error('too late')

test('work that ends in time gives its value or its own error', async () => {
  expect(await inTime(delay(1, 'done'), 60_000, late)).toBe('done')
  await expect(inTime(Promise.reject(new Error('no')), 60_000, late)).rejects.toThrow('no')
})

test('work that takes longer is not waited for, and may fail later', async () => {
  const work = delay(20).then(() => Promise.reject(new Error('no')))
  await expect(inTime(work, 1, late)).rejects.toThrow('too late')
  await delay(30)
})

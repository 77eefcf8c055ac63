import { expect, test } from 'vitest'
import { Health } from '../../../src/observe/health.ts'

test('a process without checks, or with such as hold, can do its work', async () => {
  const health = new Health()
  expect(await health.hindrance()).toBeUndefined()
  health.add('target', async () => undefined)
  expect(await health.hindrance()).toBeUndefined()
})

test('the reason of the part that was added last comes first', async () => {
  const health = new Health()
  health.add('database', () => 'the database is not open yet')
  expect(await health.hindrance()).toBe('the database is not open yet')
  health.add('consumer', async () => 'not read at the moment: q')
  expect(await health.hindrance()).toBe('not read at the moment: q')
  health.add('consumer', () => undefined)
  expect(await health.hindrance()).toBe('the database is not open yet')
})

test('remarks are told beside the reason and make no process unready', async () => {
  const health = new Health()
  health.addRemarks(() => ['a is away'])
  health.addRemarks(() => [])
  expect(health.remarks()).toEqual(['a is away'])
  expect(await health.hindrance()).toBeUndefined()
})

test('a check that fails is a reason', async () => {
  const health = new Health()
  health.add('database', () => Promise.reject(new Error('gone')))
  expect(await health.hindrance()).toBe('the database does not answer: gone')
  health.add('queue', () => {
    throw new Error('no')
  })
  expect(await health.hindrance()).toBe('the queue does not answer: no')
})

import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { TransientError } from '../../../src/domain/errors.ts'
import type { SqlDialect } from '../../../src/store/dialect.ts'
import type { Executor } from '../../../src/store/schema/schema.ts'
import { inTransaction } from '../../../src/store/transaction.ts'

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance', 'setTimeout', 'clearTimeout'] })
})

afterEach(() => {
  vi.useRealTimers()
})

/** How often a transaction is tried whose every try ends after `ms` because of others. */
async function triesAt(ms: number): Promise<number> {
  const db = {
    transaction: () => ({ execute: (work: (tx: Executor) => Promise<unknown>) => work({} as Executor) }),
  } as unknown as Executor
  const dialect = {
    isContention: () => true,
    isServerError: () => true,
    isDataFault: () => false,
  } as Partial<SqlDialect> as SqlDialect
  let tries = 0
  const trying = inTransaction(db, dialect, async () => {
    tries++
    await new Promise((resolve) => setTimeout(resolve, ms))
    throw new Error('a lock was not granted')
  })
  const outcome = expect(trying).rejects.toBeInstanceOf(TransientError)
  await vi.runAllTimersAsync()
  await outcome
  return tries
}

test('a transaction that others broke off is tried again, some times', async () => {
  expect(await triesAt(1)).toBe(10)
})

test('one that waited long for a lock is not: whoever asked for it may have to stop', async () => {
  expect(await triesAt(10_000)).toBe(1)
})

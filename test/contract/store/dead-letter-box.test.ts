import { randomBytes } from 'node:crypto'
import { beforeEach, describe, expect, test } from 'vitest'
import { bytesHash128 } from '../../../src/domain/hash.ts'
import type { Page } from '../../../src/store/ports/queries.ts'
import type { Store } from '../../../src/store/store.ts'
import { DATABASES } from '../../support/databases.ts'
import { routerOf } from '../../support/events.ts'
import { PAGE, StoreFixture } from '../../support/store-fixture.ts'

describe.each(DATABASES)('store on $name: dead letter box', ({ open }) => {
  const fixture = new StoreFixture(open)
  let store: Store
  beforeEach(() => {
    store = fixture.store
  })

  test('dead letters are kept with the batch they came with', async () => {
    const body = Buffer.from([0, 255, 1])
    const letter = { stage: 'decode', reason: 'not JSON', queue: 'q', body }
    await store.storeBatch({ arrivals: [], deadLetters: [letter] }, routerOf())
    expect(await store.listDeadLetters({}, { limit: 5, mark: undefined, ascending: false })).toMatchObject([
      letter,
    ])
    // Delivered again after a crash, or twice in one batch.
    await store.storeBatch({ arrivals: [], deadLetters: [letter, letter] }, routerOf())
    expect(await store.listDeadLetters({}, { limit: 5, mark: undefined, ascending: false })).toHaveLength(1)
  })

  test('a message is found among dead letters by its body, of whatever stage and queue, cut or not', async () => {
    const bodies = ['a', 'b', 'c', 'd'].map((text) => Buffer.from(text.repeat(1000)))
    const [decode, distill, size, none] = bodies as [Buffer, Buffer, Buffer, Buffer]
    const letter = { reason: 'r', queue: 'q' }
    const deadLetters = [
      { ...letter, stage: 'decode', body: decode },
      { ...letter, stage: 'distill', queue: null, body: distill },
      { ...letter, stage: 'size', body: size.subarray(0, 10), wholeHash: bytesHash128(size) },
    ]
    await store.storeBatch({ arrivals: [], deadLetters }, routerOf())
    expect(await store.areDeadLetters([none, size, decode, distill])).toEqual([false, true, true, true])
    expect(await store.areDeadLetters([])).toEqual([])
  })

  test('messages that begin alike are different dead letters, each kept once', async () => {
    const letter = { stage: 'size', reason: 'large', queue: 'q', body: Buffer.from('{"a') }
    const two = [
      { ...letter, wholeHash: 'a' },
      { ...letter, wholeHash: 'b' },
    ]
    await store.storeBatch({ arrivals: [], deadLetters: two }, routerOf())
    await store.storeBatch({ arrivals: [], deadLetters: two }, routerOf())
    expect(await store.countDeadLetters({})).toBe(2)
  })

  test('dead letters are found, told anew and dropped by what they are', async () => {
    const letters = [
      { stage: 'decode', reason: 'a', queue: 'q1', body: Buffer.from('1') },
      { stage: 'distill', reason: 'b', queue: 'q1', body: Buffer.from('2') },
      { stage: 'distill', reason: 'c', queue: 'q2', body: Buffer.from('3') },
    ]
    await store.storeBatch({ arrivals: [], deadLetters: letters }, routerOf())
    expect([...(await store.countDeadLettersByStage())]).toEqual([
      ['decode', 1],
      ['distill', 2],
    ])
    const reasons = async (filter: object, page: Page = PAGE) =>
      (await store.listDeadLetters(filter, page)).map(({ reason }) => reason)
    expect(await reasons({ stage: 'distill' })).toEqual(['b', 'c'])
    expect(await reasons({ queue: 'q1' }, { ...PAGE, ascending: false })).toEqual(['b', 'a'])
    expect(await reasons({}, { limit: 1, mark: 1, ascending: true })).toEqual(['b'])
    expect(await reasons({ ids: [1, 3] })).toEqual(['a', 'c'])
    expect(await reasons({ ids: [] })).toEqual([])
    const [first] = await store.listDeadLetters({}, PAGE)
    expect(await reasons({ since: first?.at })).toEqual([])
    expect(await reasons({ until: (first?.at ?? 0) + 1 })).toEqual(['a', 'b', 'c'])
    await store.noteDeadLetter(1, 'validate', 'anew')
    expect(await store.listDeadLetters({ ids: [1] }, PAGE)).toMatchObject([
      { stage: 'validate', reason: 'anew' },
    ])
    expect(await store.countDeadLetters({ queue: 'q1' })).toBe(2)
    expect(await store.dropDeadLetters({ queue: 'q1' })).toBe(2)
    expect(await reasons({})).toEqual(['c'])
  })

  test('a dead letter larger than a statement is kept whole, one that is larger than a packet says so', async () => {
    const whole = randomBytes(15 * 1024 * 1024)
    const cut = randomBytes(20 * 1024 * 1024)
    const letters = [whole, cut].map((body) => ({ stage: 'distill', reason: 'r', queue: 'q', body }))
    await store.storeBatch({ arrivals: [], deadLetters: letters }, routerOf())
    const [first, second] = await store.listDeadLetters({}, { limit: 2, mark: undefined, ascending: true })
    expect(first?.body.equals(whole)).toBe(true)
    expect(first?.reason).toBe('r')
    const kept = second?.body.length ?? 0
    expect(kept).toBeGreaterThan(15 * 1024 * 1024)
    expect(second?.body.equals(cut.subarray(0, kept))).toBe(true)
    if (kept < cut.length)
      expect(second?.reason).toContain(`only the first ${kept} of ${cut.length} bytes are kept`)
    else expect(second?.reason).toBe('r')
  })
})

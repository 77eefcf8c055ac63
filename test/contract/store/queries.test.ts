import { beforeEach, describe, expect, test } from 'vitest'
import type { Store } from '../../../src/store/store.ts'
import { DATABASES } from '../../support/databases.ts'
import { event, routerOf } from '../../support/events.ts'
import { StoreFixture } from '../../support/store-fixture.ts'

describe.each(DATABASES)('store on $name: queries', ({ open }) => {
  const fixture = new StoreFixture(open)
  const { put } = fixture
  let store: Store
  beforeEach(() => {
    store = fixture.store
  })

  test('pages go down from the newest and up from the oldest', async () => {
    await put(
      routerOf({}),
      [1, 2, 3, 4, 5].map((n) => event({ host: `h${n}`, eventType: `t${n % 2}` })),
    )
    const ids = async (limit: number, mark: number | undefined, ascending: boolean) =>
      (await store.listEvents({}, { limit, mark, ascending })).map(({ id }) => id)
    expect(await ids(2, undefined, false)).toEqual([5, 4])
    expect(await ids(2, 4, false)).toEqual([3, 2])
    expect(await ids(2, undefined, true)).toEqual([1, 2])
    expect(await ids(9, 3, true)).toEqual([4, 5])
    expect(await store.countEvents({ eventType: 't1' }, { limit: 1, mark: 3, ascending: true })).toBe(1)
    expect(await store.countStreams({ name: 'trigger' }, { limit: 1, mark: 2, ascending: false })).toBe(1)
  })
})

import { expect, test } from 'vitest'
import type { Event, StoredEvent } from '../../../src/domain/event.ts'
import { holdsTraits } from '../../../src/domain/trait-condition.ts'
import { createEventFinder } from '../../../src/pipeline/find-events.ts'
import type { EventFilter, Page } from '../../../src/store/ports/queries.ts'
import { event } from '../../support/events.ts'

/** A store of events of hosts, one at each time; notes what is asked. */
function storeOf(hosts: readonly string[]) {
  const events: StoredEvent[] = hosts.map((host, index) => ({
    ...event({ host, timestamp: index }),
    id: index,
  }))
  const asked: EventFilter[] = []
  const listEvents = async (filter: EventFilter, page: Page) => {
    asked.push(filter)
    const { from = -1, to = Infinity, traits = [], without } = filter
    const found = events.filter(
      ({ id, timestamp, traits: own }) =>
        timestamp > from && timestamp <= to && holdsTraits(own, traits) && !without?.has(id),
    )
    return found.slice(0, page.limit)
  }
  const finder = createEventFinder({ listEvents })
  const find = async (host: string, known?: readonly Event[], [from, to] = [-1, 1e6]) => {
    const query = { trait: 'host', value: { type: 'text', value: host }, from, to, known } as const
    return (await finder(query)).map(({ timestamp }) => timestamp)
  }
  return { events, asked, find }
}

test('what many ask at the same moment is one query, and each gets its own', async () => {
  const { find, asked } = storeOf(['a', 'b', 'a', 'c'])
  expect(await Promise.all([find('a'), find('b'), find('x')])).toEqual([[0, 2], [1], []])
  expect(asked).toHaveLength(1)
  expect(await find('a')).toEqual([0, 2])
  expect(asked).toHaveLength(2)
})

test('what is known is not read, and is told to others who asked for it', async () => {
  const { find, asked, events } = storeOf(['a', 'a', 'a', 'b'])
  const [first, second] = [events.slice(0, 1), events.slice(1, 2)]
  expect(await Promise.all([find('a', first), find('a', second), find('b', events.slice(3))])).toEqual([
    [1, 2],
    [0, 2],
    [],
  ])
  expect(asked).toMatchObject([{ without: new Set([0, 1, 3]) }])
})

test('what is known is left out by its message_id where a handler has made it anew', async () => {
  const { find, events } = storeOf(['a', 'a'])
  const [{ id: _, ...copy }] = events as [StoredEvent]
  expect(await find('a', [copy])).toEqual([1])
})

test('other times are another query', async () => {
  const { find, asked } = storeOf(['a', 'a', 'a'])
  expect(await Promise.all([find('a', [], [-1, 1]), find('a', [], [0, 2])])).toEqual([
    [0, 1],
    [1, 2],
  ])
  expect(asked).toHaveLength(2)
})

test('where one has very many, the others are asked for by themselves', async () => {
  const { find, asked } = storeOf([...Array(10_000).fill('a'), 'b'])
  const [many, few] = await Promise.all([find('a'), find('b')])
  expect([many?.length, few]).toEqual([10_000, [10_000]])
  expect(asked).toHaveLength(3)
})

test('a database that is away is told to each who asked', async () => {
  const finder = createEventFinder({ listEvents: () => Promise.reject(new Error('away')) })
  const query = { trait: 'host', value: { type: 'text', value: 'a' }, from: 0, to: 1 } as const
  const both = [finder(query), finder(query)]
  for (const one of both) await expect(one).rejects.toThrow('away')
})

import { beforeEach, describe, expect, test } from 'vitest'
import type { TextPattern } from '../../src/domain/text-pattern.ts'
import type { Traits } from '../../src/domain/trait.ts'
import type { EventFilter, Page, StreamFilter } from '../../src/store/ports/queries.ts'
import { parseNameFilter } from '../../src/text/filter-pattern.ts'
import { parseTraitFilter } from '../../src/text/trait-filter.ts'
import { DATABASES } from '../support/databases.ts'
import { event, routerOf } from '../support/events.ts'
import { NOW, StoreFixture } from '../support/store-fixture.ts'

const DOWN: Page = { limit: 100, mark: undefined, ascending: false }

type Given = {
  readonly name?: string
  readonly traits?: string
  readonly mark?: number
  readonly limit?: number
}

const traitsOf = ({ traits }: Given) => (traits === undefined ? undefined : parseTraitFilter(traits, NOW))
const nameOf = ({ name }: Given): string | TextPattern | undefined =>
  name === undefined ? undefined : parseNameFilter(name)

describe.each(DATABASES)('filters on $name', ({ open }) => {
  const fixture = new StoreFixture(open)

  beforeEach(async () => {
    // Ids 1 to 8; `host` is indexed, the others are not.
    const rows: readonly [string, Traits][] = [
      ['compute.start', { size: { type: 'int', value: 512 }, zone: { type: 'text', value: 'wide-1' } }],
      ['compute.end', { size: { type: 'int', value: 64 }, zone: { type: 'text', value: 'Wide-2' } }],
      ['compute_x', { zone: { type: 'text', value: 'wide"quoted' } }],
      ['Compute.up', { size: { type: 'float', value: 512.5 } }],
      ['volume.start', { zone: { type: 'text', value: 'wide_%' } }],
      ['100%', { zone: { type: 'int', value: 7 } }],
      ['[x]', {}],
      ['compute.start', { size: { type: 'text', value: '512' } }],
    ]
    const router = routerOf({
      match_criteria: [{ event_type: '*' }],
      distinguished_by: ['host'],
    })
    await fixture.put(
      router,
      rows.map(([eventType, traits], index) =>
        event({ eventType, traits: { host: { type: 'text', value: `h${index % 3}` }, ...traits } }),
      ),
    )
  })

  const events = async (given: Given) => {
    const { mark, limit = DOWN.limit } = given
    const filter: EventFilter = { eventType: nameOf(given), traits: traitsOf(given) }
    const found = await fixture.store.listEvents(filter, { ...DOWN, mark, limit })
    if (mark === undefined && limit === DOWN.limit)
      expect(await fixture.store.countEvents(filter, DOWN)).toBe(found.length)
    return found.map(({ id }) => id)
  }

  test.each<[Given, number[]]>([
    [{ name: 'compute.*' }, [8, 2, 1]],
    [{ name: 'compute.*', limit: 2 }, [8, 2]],
    [{ name: 'compute.*', mark: 8, limit: 1 }, [2]],
    [{ name: 'compute?start' }, [8, 1]],
    [{ name: '*start' }, [8, 5, 1]],
    [{ name: '!compute.*' }, [7, 6, 5, 4, 3]],
    [{ name: '!compute.start' }, [7, 6, 5, 4, 3, 2]],
    [{ name: '100%' }, [6]],
    [{ name: '1*%' }, [6]],
    [{ name: 'compute_*' }, [3]],
    [{ name: '[x]*' }, [7]],
    [{ name: '=compute.*' }, []],
    [{ name: 'nosuch*' }, []],
    [{ traits: 'zone:wide*' }, [5, 3, 1]],
    [{ traits: 'zone:wide*', limit: 2 }, [5, 3]],
    [{ traits: 'zone:wide*', mark: 3 }, [1]],
    [{ traits: 'zone:wide"q*' }, [3]],
    [{ traits: 'zone:*' }, [6, 5, 3, 2, 1]],
    [{ traits: 'zone:!wide-1' }, [6, 5, 3, 2]],
    [{ traits: 'size:>64' }, [4, 1]],
    [{ traits: 'size:>=64;size:<512.5' }, [2, 1]],
    [{ traits: 'size:512' }, [8, 1]],
    [{ traits: 'host:h0;size:*' }, [4, 1]],
    [{ traits: 'host:h0;size:>512' }, [4]],
    [{ traits: 'host:h?', name: 'compute.*' }, [8, 2, 1]],
    [{ traits: 'host:!h0' }, [8, 6, 5, 3, 2]],
  ])('events %j', async (given, expected) => {
    expect(await events(given)).toEqual(expected)
  })

  const streams = async (filter: StreamFilter) => {
    const found = await fixture.store.listStreams(filter, DOWN)
    expect(await fixture.store.countStreams(filter, DOWN)).toBe(found.length)
    return found.map(({ distinguishingTraits: { host } }) => host && 'value' in host && host.value)
  }

  test.each<[StreamFilter, string[]]>([
    [{ traits: parseTraitFilter('host:h*', NOW) }, ['h2', 'h1', 'h0']],
    [{ traits: parseTraitFilter('host:!h1', NOW) }, ['h2', 'h0']],
    [{ traits: parseTraitFilter('host:h1;host:h*', NOW) }, ['h1']],
    [{ traits: parseTraitFilter('nosuch:*', NOW) }, []],
    [{ name: parseNameFilter('trig*') }, ['h2', 'h1', 'h0']],
    [{ name: parseNameFilter('!trig*') }, []],
    [{ name: parseNameFilter('!other') }, ['h2', 'h1', 'h0']],
    [{ name: 'trigger ' }, []],
    [{ notState: 'active' }, []],
    [{ notState: 'error' }, ['h2', 'h1', 'h0']],
  ])('streams %j', async (filter, expected) => {
    expect(await streams(filter)).toEqual(expected)
  })

  test('of many types each page is read in the order of ids', async () => {
    const types = Array.from({ length: 150 }, (_, index) => event({ eventType: `many.${index % 100}` }))
    await fixture.put(routerOf({ match_criteria: [{ event_type: 'none' }] }), types)
    const filter = { eventType: parseNameFilter('many.*') }
    const ids = (await fixture.store.listEvents(filter, { ...DOWN, limit: 120 })).map(({ id }) => id)
    expect(ids).toHaveLength(120)
    expect(ids).toEqual([...ids].sort((a, b) => b - a))
    const timed = { ...filter, from: 0, to: NOW * 2 }
    expect((await fixture.store.listEvents(timed, { ...DOWN, limit: 120 })).map(({ id }) => id)).toEqual(ids)
  })
})

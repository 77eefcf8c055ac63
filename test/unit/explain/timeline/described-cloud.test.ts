import { expect, test } from 'vitest'
import { readTimeline } from '../../../../src/explain/timeline/read-timeline.ts'
import type { EventEntry, TimelineEntry } from '../../../../src/formats/timeline.ts'
import { describe as describeRun } from '../../../../src/notigen/description.ts'
import type { ExpectedStream } from '../../../../src/notigen/expected/expected-streams.ts'
import { type SimulationOptions, simulate } from '../../../../src/notigen/simulation.ts'
import type { Store } from '../../../../src/store/store.ts'
import { at } from '../../../support/events.ts'
import { isResult, runShipped } from '../../../support/shipped-run.ts'

const RUN: SimulationOptions = {
  seed: 9,
  start: at('2026-01-01T00:00:00'),
  end: at('2026-01-02T00:00:00'),
  instances: 8,
  operationsPerHour: 2,
  trouble: { U2: 0.3, U6: 0.3, U7: 0.3, late: 0.05, duplicated: 0.05 },
}

/** What a timeline and a description both say of an instance. */
type Told = {
  readonly events: number
  readonly fires: number
  readonly expires: number
  readonly results: number
}

test('the timeline of each instance is what the simulator describes', async () => {
  const expected = [...Map.groupBy(describeRun(RUN).expected, ({ instanceId }) => instanceId)]
  expect(expected.length).toBeGreaterThan(10)
  const told = new Map<string, Told>()
  await runShipped(simulate(RUN), {}, async (store) => {
    for (const [instance] of expected) told.set(instance, await timelineOf(store, instance))
  })
  for (const [instance, streams] of expected) {
    expect({ instance, ...told.get(instance) }).toEqual({ instance, ...descriptionOf(streams) })
  }
}, 400_000)

async function timelineOf(store: Store, instance: string): Promise<Told> {
  const traits = [{ name: 'instance_id', values: [{ type: 'text' as const, value: instance }] }]
  const { entries } = await readTimeline(
    store,
    { traits, isFolded: false, now: at('2026-01-02T00:00:00') },
    {},
  )
  expect(entries.map((entry) => entry.at)).toEqual(entries.map((entry) => entry.at).sort())
  const events = entries.filter((entry): entry is EventEntry => entry.kind === 'event')
  const results = events.filter(({ event_type }) => isResult(event_type))
  return {
    events: events.filter(isOfStream).length,
    fires: countOf(entries, 'fires'),
    expires: countOf(entries, 'expires'),
    results: results.length,
  }
}

/** Whether an event is in a stream of the shipped triggers: not those of the scheduler, ports and images. */
function isOfStream({ event_type }: EventEntry): boolean {
  return event_type.startsWith('compute.instance.') && !isResult(event_type)
}

function countOf(entries: readonly TimelineEntry[], what: 'fires' | 'expires'): number {
  return entries.filter((entry) => entry.kind === 'stream' && entry.what === what).length
}

function descriptionOf(streams: readonly ExpectedStream[]): Told {
  return {
    events: streams.reduce((sum, { events }) => sum + events, 0),
    fires: streams.filter(({ ends }) => ends === 'fires').length,
    expires: streams.filter(({ ends }) => ends === 'expires').length,
    results: streams.reduce((sum, { usage }) => sum + usage.length, 0),
  }
}

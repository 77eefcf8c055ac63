import { createMysqlStore } from '../../../sandbox/servers/mysql-store.ts'
import type { Event } from '../../../src/domain/event.ts'
import { formatIso } from '../../../src/domain/time.ts'
import { canonicalTraits } from '../../../src/domain/trait.ts'
import type { ExpectedStream } from '../../../src/notigen/expected/expected-streams.ts'
import type { UsageResult } from '../../../src/notigen/expected/usage-result.ts'
import { resultOf } from '../shipped-run.ts'

const ALL = { limit: 1_000_000, mark: undefined, ascending: true }

/** A stream: what it is of, how it ended, its members, and what its run found. */
export type StreamFact = {
  /** trigger and distinguishing traits */
  readonly key: string
  readonly instance: string
  /** date on which its day begins */
  readonly day: string
  readonly state: string
  readonly ends: 'fires' | 'expires'
  /** message ids, in order */
  readonly members: readonly string[]
  /** results of the usage verification, in order */
  readonly results: readonly string[]
  /** the same in short */
  readonly usage: readonly UsageResult[]
}

/** Reads what became of all streams of a database. */
export async function streamFacts(databaseUrl: string): Promise<StreamFact[]> {
  const store = await createMysqlStore(databaseUrl)
  try {
    const streams = await store.listStreams({}, ALL)
    const members = await store.eventsOfStreams(streams.map(({ id }) => id))
    const made = (await store.listEvents({}, ALL)).filter(({ traits }) => traits.stream_id !== undefined)
    const results = Map.groupBy(made, ({ traits }) => Number(traits.stream_id?.value))
    const facts = streams.map(({ id, name, distinguishingTraits, state, fireTimestamp }): StreamFact => {
      const { instance_id: instance, timestamp: day } = distinguishingTraits
      return {
        key: `${name} ${canonicalTraits(distinguishingTraits)}`,
        instance: instance?.type === 'text' ? instance.value : '',
        day: day?.type === 'timerange' ? formatIso(day.begin).slice(0, 10) : '',
        state,
        ends: fireTimestamp === null ? 'expires' : 'fires',
        members: (members.get(id) ?? []).map(({ messageId }) => messageId).sort(),
        results: (results.get(id) ?? []).map(describeResult).sort(),
        usage: (results.get(id) ?? []).map(({ eventType, traits }) =>
          resultOf(eventType, String(traits.error_code?.value)),
        ),
      }
    })
    return facts
  } finally {
    await store.close()
  }
}

function describeResult({ eventType, traits }: Event): string {
  const said = ['error_code', 'error', 'warnings', 'original_message_id'].map((name) => traits[name]?.value)
  return [eventType, ...said].join(' | ')
}

/** Returns the streams that only one of two runs has, each as a line; the sign says which. */
export function differences(expected: readonly StreamFact[], actual: readonly StreamFact[]): string[] {
  const [wanted, found] = [expected.map(lineOf), actual.map(lineOf)]
  return [
    ...without(wanted, found).map((line) => `- ${line}`),
    ...without(found, wanted).map((line) => `+ ${line}`),
  ].sort()
}

/** Returns what is left of a list without these, each as often as it is there. */
function without(list: readonly string[], others: readonly string[]): string[] {
  const left = [...list]
  for (const one of others) {
    const index = left.indexOf(one)
    if (index >= 0) left.splice(index, 1)
  }
  return left
}

function lineOf({ key, state, ends, members, results }: StreamFact): string {
  return `${key} ${state} ${ends}: ${members.join(' ')} => ${results.join('; ')}`
}

/** Returns a stream as the simulator describes it. */
export function asExpected({ instance, day, members, ends, usage }: StreamFact): ExpectedStream {
  return { instanceId: instance, day, events: members.length, ends, usage }
}

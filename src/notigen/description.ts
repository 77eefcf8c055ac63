import { DAILY } from './calendar/audit.ts'
import { type ExpectedStream, ExpectedStreams } from './expected/expected-streams.ts'
import type { UsageResult, UsageRules } from './expected/usage-result.ts'
import { rehearse, type Sent, type SimulationOptions } from './simulation.ts'

type Counts = { readonly [name: string]: number }

/** Description of a run: its contents, and what the shipped configuration must make of them. */
export type Description = {
  readonly messages: number
  /** messages that become one event each: neither second copies nor malformed ones */
  readonly events: number
  readonly deadLetters: number
  readonly instances: number
  readonly operations: Counts
  /** readable messages, second copies included, by event type in the format */
  readonly eventTypes: Counts
  /** messages in trouble, by kind */
  readonly trouble: Counts
  /** falsified usage by ordered code; other trouble may cause more codes, or hide some */
  readonly ordered: Counts
  readonly streams: { readonly fires: number; readonly expires: number }
  /** expected results of usage verification */
  readonly usage: { readonly [result in UsageResult]?: number }
  readonly expected: readonly ExpectedStream[]
}

/**
 * Describes a run without encoding its messages. `rules: stacktach` does not support versioned notifications.
 *
 * @example
 * const { streams, usage } = describe({ seed: 7, start, end, instances: 50, operationsPerHour: 20 })
 */
export function describe(options: SimulationOptions, rules: UsageRules = 'practical'): Description {
  const [operations, eventTypes, trouble, ordered, usage] = [
    counter(),
    counter(),
    counter(),
    counter(),
    counter(),
  ]
  const streams = new ExpectedStreams((options.audit ?? DAILY).dayBegins)
  let [messages, events, deadLetters] = [0, 0, 0]
  const take = ({ eventType, fact, trouble: kind, isCopy, at }: Sent) => {
    messages++
    if (kind === 'malformed') deadLetters++
    else eventTypes.add(eventType)
    if (kind !== 'malformed' && !isCopy) events++
    if (fact) streams.add(fact, at)
  }
  rehearse(options, {
    onOperation: operations.add,
    onTrouble: trouble.add,
    onOrdered: ordered.add,
    onSent: take,
  })
  const expected = [...streams.streams(rules)]
  for (const stream of expected) for (const result of stream.usage) usage.add(result)
  const fires = expected.filter(({ ends }) => ends === 'fires').length
  return {
    messages,
    events,
    deadLetters,
    instances: options.instances + operations.of('create') + operations.of('createFails'),
    operations: operations.sorted(),
    eventTypes: eventTypes.sorted(),
    trouble: trouble.sorted(),
    ordered: ordered.sorted(),
    streams: { fires, expires: expected.length - fires },
    usage: usage.sorted(),
    expected,
  }
}

function counter() {
  const counts = new Map<string, number>()
  return {
    add: (name: string) => void counts.set(name, (counts.get(name) ?? 0) + 1),
    of: (name: string) => counts.get(name) ?? 0,
    sorted: (): Counts => Object.fromEntries([...counts].sort(([a], [b]) => (a < b ? -1 : 1))),
  }
}

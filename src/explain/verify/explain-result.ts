import type { Config } from '../../config/load/config.ts'
import { InvalidError, NotFoundError } from '../../domain/errors.ts'
import type { Event, StoredEvent } from '../../domain/event.ts'
import { MICROS_PER_DAY } from '../../domain/time.ts'
import type { Pipeline } from '../../pipeline/load-pipelines.ts'
import type { Logger } from '../../runtime/logger.ts'
import type { Queries } from '../../store/ports/queries.ts'
import { createRouter } from '../../streams/router.ts'
import { usageResults } from '../../usage/usage-results.ts'
import type { UsageVerdict } from '../../usage/verdict.ts'
import { type StreamGroup, StreamGroups } from './stream-groups.ts'
import { usageHandlerOf } from './usage-step.ts'
import { existsLine, periodsLines, remainderLine, type VerdictLine } from './verdict-line.ts'

type Context = {
  readonly store: Queries
  readonly config: Config
  readonly pipelines: ReadonlyMap<string, Pipeline>
  readonly logger: Logger
}

/**
 * Greatest distance in time between a result and the events of its stream: a month, plus time for late
 * events.
 */
const WITHIN = 33 * MICROS_PER_DAY
const MOST_EVENTS = 100_000
/** traits that identify the resource of a result */
const ID_TRAITS = ['instance_id', 'snapshot_id', 'volume_id']

/**
 * Explains a result of usage verification by verifying its stream once more with the current configuration.
 *
 * The events of a purged stream are found by the trait that identifies their resource, such as `instance_id`.
 * Throws NotFoundError when no event has this message_id, and InvalidError when the event is not such a
 * result or can no longer be reproduced.
 *
 * @example
 * const [line] = await explainResult(messageId, { store, config, pipelines, logger })
 * process.stdout.write(describeVerdict(line, true))
 */
export async function explainResult(messageId: string, context: Context): Promise<VerdictLine[]> {
  const result = await context.store.findEvent(messageId)
  if (!result) throw new NotFoundError(`there is no event with the message_id ${messageId}`)
  const streamId = result.traits.stream_id
  if (streamId?.type !== 'int') {
    throw new InvalidError(
      `${messageId} is not a result of verifying usage: ${result.eventType} has no stream_id; expected the message_id of an event such as compute.instance.exists.failed`,
    )
  }
  const found = await eventsAbout(result, context)
  for (const group of await streamsOf(Number(streamId.value), found, context)) {
    const own = new Set(group.events.map((event) => event.messageId))
    const others = found.filter((event) => !own.has(event.messageId))
    const lines = linesAbout(messageId, { group, others, streamId: Number(streamId.value) }, context)
    if (lines) return lines
  }
  throw new InvalidError(
    `${messageId} (${result.eventType} of stream ${streamId.value}) can no longer be reproduced: its events have been trimmed, or the configuration has been changed`,
  )
}

/** Returns the events of the same server, volume or snapshot from about the time of a result. */
async function eventsAbout(result: StoredEvent, { store }: Context): Promise<readonly StoredEvent[]> {
  const trait = ID_TRAITS.find((name) => result.traits[name])
  const value = trait === undefined ? undefined : result.traits[trait]
  if (trait === undefined || !value) return []
  const { timestamp } = result
  const filter = {
    from: timestamp - WITHIN,
    to: timestamp + WITHIN,
    traits: [{ name: trait, values: [value] }],
  }
  return store.listEvents(filter, { limit: MOST_EVENTS, mark: undefined, ascending: true })
}

/** Returns the stream of a result if it is still stored, otherwise the streams that the found events form. */
async function streamsOf(
  streamId: number,
  found: readonly StoredEvent[],
  { store, config }: Context,
): Promise<StreamGroup[]> {
  const stream = await store.findStream(streamId)
  if (stream) {
    const events = (await store.eventsOfStreams([streamId])).get(streamId) ?? []
    return [{ key: { name: stream.name, traits: stream.distinguishingTraits, hash: '' }, events }]
  }
  const groups = new StreamGroups(createRouter(config.triggers))
  for (const event of found) groups.add(event)
  return groups.sorted()
}

/** Returns the verdict that led to the result of this id, or undefined when this stream does not have it. */
function linesAbout(
  messageId: string,
  { group, others, streamId }: { group: StreamGroup; others: readonly Event[]; streamId: number },
  { config, pipelines, logger }: Context,
): VerdictLine[] | undefined {
  const handler = usageHandlerOf(group.key.name, config.triggers, pipelines, logger)
  if (!handler) return undefined
  const env = { streamId, streamName: group.key.name, distinguishingTraits: group.key.traits }
  const verdict = handler.verify(group.events, env, others)
  return partsOf(verdict, group).find(([part]) => isToldBy(messageId, part, streamId))?.[1]
}

type Part = readonly [UsageVerdict, VerdictLine[]]

function partsOf(verdict: UsageVerdict, group: StreamGroup): Part[] {
  const { exists, remainders, periods } = verdict
  const none: UsageVerdict = { exists: [], remainders: [], periods: undefined }
  return [
    ...exists.map((one): Part => [{ ...none, exists: [one] }, [existsLine(one, group)]]),
    ...remainders.map((one): Part => [{ ...none, remainders: [one] }, [remainderLine(one, true, group)]]),
    ...(periods ? [[{ ...none, periods }, periodsLines(periods, true, group)] satisfies Part] : []),
  ]
}

function isToldBy(messageId: string, part: UsageVerdict, streamId: number): boolean {
  return usageResults(part, { streamId, now: 0 }).some((event) => event.messageId === messageId)
}

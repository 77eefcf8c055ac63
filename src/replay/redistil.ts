import { plainBody } from '../consumer/body/plain-body.ts'
import { decodeNotification } from '../distiller/decode-notification.ts'
import type { Distiller } from '../distiller/distiller.ts'
import type { Event } from '../domain/event.ts'
import { IdSet } from '../domain/id-set.ts'
import type { Micros } from '../domain/time.ts'
import { sleep } from '../runtime/backoff.ts'
import type { Logger } from '../runtime/logger.ts'
import { Outage } from '../runtime/outage.ts'
import { retry } from '../runtime/retry.ts'
import type { Redistil, Redistilled, TraitCounts } from '../store/ports/redistil.ts'
import type { RawRecord, ReadFile } from './records/record.ts'
import { isWanted, type Wanted } from './records/wanted.ts'

export type RedistilOptions = {
  readonly files: readonly string[]
  readonly read: ReadFile
  readonly distiller: Distiller
  readonly maxMessageBytes: number
  readonly store: Redistil
  readonly wanted: Wanted
  readonly wallNow: () => Micros
  readonly logger: Logger
  readonly signal: AbortSignal
  /** called when a batch is done */
  readonly onBatch?: (summary: RedistilSummary) => void
}

/** What became of the stored events of the notifications in files. */
export type RedistilSummary = {
  /** notifications that were read and are wanted */
  read: number
  /** notifications of which no event can be made */
  refused: number
  /** notifications without a definition */
  undefined: number
  /** events that were looked at in the database */
  found: number
  changed: number
  /** events that are not stored, and the message ids of the first of them */
  missing: number
  readonly firstMissing: string[]
  readonly traits: { readonly [kind in TraitChange]: { [name: string]: number } }
  /** older events that were added to the index of traits */
  indexed: number
  /** whether everything was done */
  isComplete: boolean
}

export type TraitChange = 'added' | 'retyped' | 'revalued' | 'removed'

const BATCH = 500
/** Events that are added to an index in one transaction. */
const INDEXED = 2000
/** Longest pause after a batch, ms: as long as the batch took, so that consumers have every other turn. */
const LONGEST_REST_MS = 100
const SHOWN = 10
const WAITS = { initialMs: 50, maxMs: 10_000 }

/**
 * Distils the notifications of files again and gives the events that are stored the traits of today's definitions. Then
 * adds older events to the index of traits that were indexed later. Nothing joins a stream and nothing is fired.
 *
 * A second call changes nothing, so that one that was broken off is begun again.
 */
export async function redistil(options: RedistilOptions): Promise<RedistilSummary> {
  const { files, read, signal, onBatch } = options
  const summary = createSummary()
  const doneIds = new IdSet()
  let events: Event[] = []
  for (const file of files) {
    for await (const records of read(file, signal)) {
      for (const record of records) {
        const event = eventOf(record, options, summary)
        if (event) events.push(event)
        if (events.length < BATCH) continue
        await store(events, doneIds, options, summary)
        onBatch?.(summary)
        events = []
      }
      if (signal.aborted) return summary
    }
  }
  if (events.length > 0) await store(events, doneIds, options, summary)
  summary.isComplete = await indexAll(options, summary)
  return summary
}

function createSummary(): RedistilSummary {
  return {
    read: 0,
    refused: 0,
    undefined: 0,
    found: 0,
    changed: 0,
    missing: 0,
    firstMissing: [],
    traits: { added: {}, retyped: {}, revalued: {}, removed: {} },
    indexed: 0,
    isComplete: false,
  }
}

function eventOf(
  { payload, receivedAt }: RawRecord,
  { distiller, maxMessageBytes, wanted, wallNow }: RedistilOptions,
  summary: RedistilSummary,
): Event | undefined {
  const plain = plainBody(payload, {}, maxMessageBytes)
  const decoded = plain.ok ? decodeNotification(plain.body) : undefined
  if (!decoded?.ok) {
    summary.refused++
    return undefined
  }
  const { notification } = decoded
  if (wanted.acceptsType && !wanted.acceptsType(notification.event_type)) return undefined
  const distilled = distiller.distil(notification, () => receivedAt ?? wallNow())
  if (distilled.kind === 'event' && !isWanted(distilled.event, wanted)) return undefined
  summary.read++
  if (distilled.kind === 'event') return distilled.event
  summary[distilled.kind === 'failed' ? 'refused' : 'undefined']++
  return undefined
}

async function store(
  events: readonly Event[],
  doneIds: IdSet,
  options: RedistilOptions,
  summary: RedistilSummary,
): Promise<void> {
  const done = await patiently(() => options.store.redistil(events, doneIds), options)
  summary.found += done.found
  summary.changed += done.changed
  summary.missing += done.missing.length
  summary.firstMissing.push(...done.missing.slice(0, SHOWN - summary.firstMissing.length))
  addTraits(summary, done)
}

function addTraits({ traits }: RedistilSummary, done: Redistilled): void {
  for (const kind of ['added', 'retyped', 'revalued', 'removed'] as const) {
    const counts: TraitCounts = done[kind]
    for (const [name, count] of Object.entries(counts)) traits[kind][name] = (traits[kind][name] ?? 0) + count
  }
}

/** Adds all older events to the indexes of traits. Returns false when `signal` aborts first. */
async function indexAll(options: RedistilOptions, summary: RedistilSummary): Promise<boolean> {
  while (!options.signal.aborted) {
    const indexed = await patiently(() => options.store.indexOlder(INDEXED), options)
    if (indexed === undefined) return true
    summary.indexed += indexed
    options.onBatch?.(summary)
  }
  return false
}

/** Works on the database, waits while it is away, and then leaves it to others for a while. */
async function patiently<T>(work: () => Promise<T>, { signal, logger }: RedistilOptions): Promise<T> {
  const begun = performance.now()
  const outage = new Outage(logger, 'the database answers again')
  const done = await retry(work, { waits: WAITS, signal, outage })
  await sleep(Math.min(LONGEST_REST_MS, performance.now() - begun), signal)
  return done
}

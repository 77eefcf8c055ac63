import { InvalidError, TransientError } from '../domain/errors.ts'
import { type Event, momentOf } from '../domain/event.ts'
import { formatMoment } from '../domain/time.ts'
import { allEnded } from '../runtime/all-ended.ts'
import { Lanes } from '../runtime/lanes.ts'
import { stringifyJson } from '../text/json.ts'
import {
  type DeliveryContext,
  deliver,
  isForLater,
  isRefusal,
  repeated,
  requireSuccess,
  TogetherError,
  type Waits,
} from './deliver.ts'
import { hostOf, sendHttp } from './http-request.ts'
import { DOUBTFUL, type Receiver, UntakenError } from './receiver.ts'

export type BulkIndexSettings = {
  /** URL of the server, without a path */
  readonly url: string
  readonly index: string
  readonly headers: { readonly [name: string]: string }
  readonly timeoutMs: number
  readonly waits: Waits
}

/** The index when none is configured. */
export const DEFAULT_INDEX = 'stacktach-events'

/** A document to be indexed. Its id is its message_id. */
export type Document = { readonly message_id: string; readonly [field: string]: unknown }

/** The result of the bulk API for one document. */
type ItemResult = {
  readonly status: number | undefined
  readonly error?: { readonly reason?: string } | string
}

/** Limits of one request: servers and their proxies often accept no more than 1 MB. */
const MOST_DOCUMENTS = 500
const MOST_BYTES = 900_000

/** Most requests at a time. */
const MOST_REQUESTS = 4

/** A document and its two lines of a bulk request. */
type Entry = { readonly document: Document; readonly lines: string }

/** Returns the document of an event: its traits by name, times as ISO text. */
export function documentOf(event: Event, more: { readonly [field: string]: unknown } = {}): Document {
  const traits = Object.entries(event.traits).map(([name, trait]) => [
    name,
    trait.type === 'datetime' ? `${formatMoment(trait)}Z` : trait.value,
  ])
  return {
    ...more,
    message_id: event.messageId,
    event_type: event.eventType,
    timestamp: `${formatMoment(momentOf(event))}Z`,
    traits: Object.fromEntries(traits),
  }
}

/**
 * Indexes documents with the bulk API of Elasticsearch or OpenSearch. Documents that are not accepted at the
 * moment are sent again. A refused request is halved until the refused documents are known. Returns for each
 * document the reason of its refusal, or undefined.
 *
 * @example
 * const reasons = await bulkIndex(events.map((event) => documentOf(event)), settings, receiver, { signal })
 */
export async function bulkIndex(
  documents: readonly Document[],
  settings: BulkIndexSettings,
  receiver: Receiver,
  context: DeliveryContext,
  /** whether nothing else is sent to the receiver before these documents are done */
  holdsOthers = false,
): Promise<(string | undefined)[]> {
  const reasons = new Map<Document, string>()
  const entries = documents.map((document) => ({ document, lines: linesOf(document, settings.index) }))
  const open = new Set(documents)
  const isLone = () => holdsOthers && open.size < DOUBTFUL
  const lanes = new Lanes(MOST_REQUESTS)
  const indexing = { settings, receiver, context, lanes, reasons, open, isLone }
  await allEnded(requestsOf(entries).map((request) => indexAll(request, indexing)))
  return documents.map((document) => reasons.get(document))
}

function linesOf(document: Document, index: string): string {
  const action = { index: { _index: index, _id: document.message_id } }
  return `${stringifyJson(action)}\n${stringifyJson(document)}\n`
}

function requestsOf(entries: readonly Entry[]): Entry[][] {
  const requests: Entry[][] = []
  let bytes = Number.POSITIVE_INFINITY
  for (const entry of entries) {
    const more = Buffer.byteLength(entry.lines)
    const last = requests.at(-1)
    if (last && last.length < MOST_DOCUMENTS && bytes + more <= MOST_BYTES) {
      last.push(entry)
      bytes += more
    } else {
      requests.push([entry])
      bytes = more
    }
  }
  return requests
}

type Indexing = {
  readonly settings: BulkIndexSettings
  readonly receiver: Receiver
  readonly context: DeliveryContext
  readonly lanes: Lanes
  readonly reasons: Map<Document, string>
  /** documents that are neither indexed nor refused yet */
  readonly open: Set<Document>
  readonly isLone: () => boolean
}

async function indexAll(entries: readonly Entry[], indexing: Indexing, since?: number): Promise<void> {
  const { settings, receiver, context, lanes, open, isLone } = indexing
  let waiting = entries
  const refuse = (document: Document, reason: string) => {
    open.delete(document)
    indexing.reasons.set(document, reason)
  }
  const attempt = async () => {
    const results = await send(waiting, settings, context.signal)
    const sent = waiting
    waiting = sent.filter((_, index) => isWaiting(results[index]))
    for (const [index, { document }] of sent.entries()) {
      const result = results[index]
      if (isWaiting(result)) continue
      open.delete(document)
      if (isRefusal(statusOf(result))) refuse(document, reasonOf(result))
    }
    if (waiting.length === 0) return
    throw waitingError(hostOf(settings.url), results.filter(isWaiting))
  }
  // Documents that are accepted show that the receiver is up.
  const taking = async () => {
    const before = waiting.length
    try {
      await attempt()
    } catch (error) {
      if (waiting.length < before) receiver.took()
      throw error
    }
  }
  try {
    const sending = { attempt: () => lanes.run(taking), count: entries.length, since, isLone }
    await deliver(receiver, sending, settings.waits, context)
  } catch (error) {
    if (!(error instanceof InvalidError)) throw error
    const [first] = waiting
    if (first && entries.length === 1) refuse(first.document, error.message)
    if (entries.length === 1) return
    const middle = waiting.length >> 1
    const halves = [waiting.slice(0, middle), waiting.slice(middle)].filter((half) => half.length > 0)
    const failedSince = error instanceof TogetherError ? error.since : since
    await allEnded(halves.map((half) => indexAll(half, indexing, failedSince)))
  }
}

/** Returns the error of an accepted request of which some documents must be sent again. */
function waitingError(host: string, results: readonly ItemResult[]): TransientError {
  const [told] = results.filter((result) => !isForLater(statusOf(result)))
  const said = `${host}: ${results.length} documents are not taken yet`
  return told ? new UntakenError(`${said}: ${reasonOf(told)}`) : new TransientError(said)
}

function statusOf(result: ItemResult | undefined): number {
  return typeof result?.status === 'number' ? result.status : 0
}

function isWaiting(result: ItemResult | undefined): boolean {
  const status = statusOf(result)
  return status < 200 || (status >= 300 && !isRefusal(status))
}

async function send(
  entries: readonly Entry[],
  { url, headers, timeoutMs }: BulkIndexSettings,
  stop: AbortSignal,
): Promise<readonly ItemResult[]> {
  const { status, text } = await sendHttp(
    {
      url: `${url.replace(/\/$/, '')}/_bulk`,
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/x-ndjson' },
      body: entries.map(({ lines }) => lines).join(''),
      timeoutMs,
      needsText: true,
    },
    stop,
  )
  requireSuccess(hostOf(url), status, text)
  const results = resultsOf(text)
  if (results.length === entries.length) return results
  throw new UntakenError(`${hostOf(url)} answered no result for each document`)
}

function resultsOf(text: string): readonly ItemResult[] {
  try {
    const { items } = JSON.parse(text) as { items?: { index?: ItemResult }[] }
    return items?.flatMap(({ index }) => (index ? [index] : [])) ?? []
  } catch {
    return []
  }
}

function reasonOf({ status, error }: Partial<ItemResult> = {}): string {
  return `${status} ${repeated(typeof error === 'string' ? error : (error?.reason ?? ''))}`.trim()
}

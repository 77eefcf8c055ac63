import { InvalidError, TransientError } from '../domain/errors.ts'
import type { Event } from '../domain/event.ts'
import { stringifyJson } from '../domain/json.ts'
import { formatIso } from '../domain/time.ts'
import { type DeliveryContext, deliver, isRefusal, requireSuccess, type Waits } from './deliver.ts'
import { hostOf, sendHttp } from './http-request.ts'

export type BulkIndexSettings = {
  /** of the server, without a path */
  readonly url: string
  readonly index: string
  readonly headers: { readonly [name: string]: string }
  readonly timeoutMs: number
  readonly waits: Waits
}

/** What is indexed; its id is its message_id. */
export type Document = { readonly message_id: string; readonly [field: string]: unknown }

/** What the bulk API says of one document. */
type ItemResult = {
  readonly status: number | undefined
  readonly error?: { readonly reason?: string } | string
}

/** Of one request: servers and what stands before them take no more than so much, often no more than 1 MB. */
const MOST_DOCUMENTS = 500
const MOST_BYTES = 900_000

/** A document and its two lines of a bulk request. */
type Entry = { readonly document: Document; readonly lines: string }

/** An event as it is indexed: its traits by name, times as ISO text. */
export function documentOf(event: Event, more: { readonly [field: string]: unknown } = {}): Document {
  const traits = Object.entries(event.traits).map(([name, trait]) => [
    name,
    trait.type === 'datetime' ? `${formatIso(trait.value)}Z` : trait.value,
  ])
  return {
    ...more,
    message_id: event.messageId,
    event_type: event.eventType,
    timestamp: `${formatIso(event.timestamp)}Z`,
    traits: Object.fromEntries(traits),
  }
}

/**
 * Indexes documents with the bulk API of Elasticsearch or OpenSearch; those that are not taken at the moment are sent
 * again, and a request that is refused is halved until it is told which of them are. Answers for each why it was
 * refused, undefined where it was not.
 */
export async function bulkIndex(
  documents: readonly Document[],
  settings: BulkIndexSettings,
  context: DeliveryContext,
): Promise<(string | undefined)[]> {
  const reasons = new Map<Document, string>()
  const entries = documents.map((document) => ({ document, lines: linesOf(document, settings.index) }))
  for (const request of requestsOf(entries)) await indexAll(request, settings, context, reasons)
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

async function indexAll(
  entries: readonly Entry[],
  settings: BulkIndexSettings,
  context: DeliveryContext,
  reasons: Map<Document, string>,
): Promise<void> {
  let waiting = entries
  const attempt = async () => {
    const results = await send(waiting, settings, context.signal)
    const sent = waiting
    waiting = sent.filter((_, index) => isForLater(results[index]))
    for (const [index, { document }] of sent.entries()) {
      const result = results[index]
      if (result && (result.status ?? 0) >= 300 && !isForLater(result))
        reasons.set(document, reasonOf(result))
    }
    if (waiting.length > 0)
      throw new TransientError(`${hostOf(settings.url)}: ${waiting.length} documents are not taken yet`)
  }
  try {
    await deliver(hostOf(settings.url), attempt, settings.waits, context)
  } catch (error) {
    if (!(error instanceof InvalidError)) throw error
    const [first] = waiting
    if (first && waiting.length === 1) reasons.set(first.document, error.message)
    const middle = waiting.length >> 1
    if (middle === 0) return
    await indexAll(waiting.slice(0, middle), settings, context, reasons)
    await indexAll(waiting.slice(middle), settings, context, reasons)
  }
}

function isForLater(result: ItemResult | undefined): boolean {
  const status = result?.status ?? 0
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
    },
    stop,
  )
  requireSuccess(hostOf(url), status, text)
  const results = resultsOf(text)
  if (results.length === entries.length) return results
  throw new TransientError(`${hostOf(url)} answered no result for each document`)
}

function resultsOf(text: string): readonly ItemResult[] {
  try {
    const { items } = JSON.parse(text) as { items?: { index?: ItemResult }[] }
    return items?.flatMap(({ index }) => (index ? [index] : [])) ?? []
  } catch {
    return []
  }
}

function reasonOf({ status, error }: ItemResult): string {
  return `${status} ${typeof error === 'string' ? error : (error?.reason ?? '')}`.trim()
}

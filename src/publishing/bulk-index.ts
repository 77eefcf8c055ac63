import { TransientError } from '../domain/errors.ts'
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

const DOCUMENTS_PER_REQUEST = 500

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
 * again. Answers for each why it was refused, undefined where it was not.
 */
export async function bulkIndex(
  documents: readonly Document[],
  settings: BulkIndexSettings,
  context: DeliveryContext,
): Promise<(string | undefined)[]> {
  const reasons = new Map<Document, string>()
  for (let at = 0; at < documents.length; at += DOCUMENTS_PER_REQUEST) {
    let waiting: readonly Document[] = documents.slice(at, at + DOCUMENTS_PER_REQUEST)
    const attempt = async () => {
      const results = await send(waiting, settings)
      const sent = waiting
      waiting = sent.filter((_, index) => isForLater(results[index]))
      for (const [index, document] of sent.entries()) {
        const result = results[index]
        if (result && (result.status ?? 0) >= 300 && !isForLater(result))
          reasons.set(document, reasonOf(result))
      }
      if (waiting.length > 0)
        throw new TransientError(`${hostOf(settings.url)}: ${waiting.length} documents are not taken yet`)
    }
    await deliver(attempt, settings.waits, context)
  }
  return documents.map((document) => reasons.get(document))
}

function isForLater(result: ItemResult | undefined): boolean {
  const status = result?.status ?? 0
  return status < 200 || (status >= 300 && !isRefusal(status))
}

async function send(
  documents: readonly Document[],
  { url, index, headers, timeoutMs }: BulkIndexSettings,
): Promise<readonly ItemResult[]> {
  const lines = documents.flatMap((document) => [
    stringifyJson({ index: { _index: index, _id: document.message_id } }),
    stringifyJson(document),
  ])
  const { status, text } = await sendHttp({
    url: `${url.replace(/\/$/, '')}/_bulk`,
    method: 'POST',
    headers: { ...headers, 'content-type': 'application/x-ndjson' },
    body: `${lines.join('\n')}\n`,
    timeoutMs,
  })
  requireSuccess(hostOf(url), status, text)
  const results = resultsOf(text)
  if (results.length === documents.length) return results
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

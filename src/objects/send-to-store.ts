import { causeOf, messageOf, TransientError } from '../domain/errors.ts'
import { type OutgoingResponse, sendOut } from '../runtime/outgoing.ts'
import { plainEtag } from './etag.ts'

/** Longest time without any progress of an exchange, ms. */
const STALL_MS = 60_000
/** Longest text of a store that a message quotes, in characters. */
const LONGEST_TEXT = 200

export type StoreRequest = {
  readonly method: string
  readonly url: string
  readonly headers: { readonly [name: string]: string }
  readonly body?: AsyncIterable<Buffer> | Buffer | undefined
}

/**
 * Sends a request to a store. Rejects with the error of the content where reading that fails, and with TransientError when there is no
 * answer, or nothing moves for a minute.
 */
export async function sendToStore({ method, url, headers, body }: StoreRequest): Promise<OutgoingResponse> {
  const stalled = new AbortController()
  const timer = setTimeout(() => stalled.abort(), STALL_MS)
  const content =
    body === undefined || Buffer.isBuffer(body)
      ? { body: body ?? null }
      : { body: copies(body, timer), duplex: 'half' as const }
  try {
    return await sendOut(url, { method, headers, ...content, signal: stalled.signal })
  } catch (error) {
    const cause = causeOf(error) ?? error
    if (cause instanceof ContentFault) throw cause.cause
    const reason = stalled.signal.aborted ? `nothing moved for ${STALL_MS / 1000} s` : messageOf(cause)
    throw new TransientError(`${new URL(url).host}: ${reason}`, { cause: error })
  } finally {
    clearTimeout(timer)
  }
}

/** Returns the ETag of an answer as plainEtag does. */
export function etagOf({ headers }: OutgoingResponse): string {
  return plainEtag(headers.get('etag'))
}

/** Returns what a store says in the text of an answer, without the tags of HTML and XML. */
export function saidIn(text: string): string {
  return text
    .replace(/<[^>]*>/g, ' ')
    .replace(/\s+/g, ' ')
    .trim()
    .slice(0, LONGEST_TEXT)
}

/** An error of the content that is sent, and not of the exchange. */
class ContentFault extends Error {}

/** Yields copies of pieces, which wait to be sent while the next is read; each is a sign of progress. */
async function* copies(content: AsyncIterable<Buffer>, timer: NodeJS.Timeout): AsyncGenerator<Uint8Array> {
  try {
    for await (const piece of content) {
      timer.refresh()
      yield Uint8Array.from(piece)
    }
  } catch (error) {
    throw new ContentFault(messageOf(error), { cause: error })
  }
}

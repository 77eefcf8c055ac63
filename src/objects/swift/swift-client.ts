import { causeOf, messageOf, TransientError } from '../../domain/errors.ts'
import { type OutgoingResponse, sendOut } from '../../runtime/outgoing.ts'
import { openSession, type SwiftAuthSettings, type SwiftSession } from './swift-auth.ts'

export type SwiftRequest = {
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'DELETE'
  /** below the account: `/container/key` */
  readonly path: string
  readonly query?: string
  readonly headers?: { readonly [name: string]: string }
  /** Returns the content anew for each try. */
  readonly body?: () => AsyncIterable<Buffer> | Buffer
}

/** Longest time without any progress of an exchange, ms. */
const STALL_MS = 60_000

/** Sends requests to an account of Swift, with a token that is renewed when it is refused. */
export class SwiftClient {
  readonly #settings: SwiftAuthSettings
  #session: Promise<SwiftSession> | undefined

  constructor(settings: SwiftAuthSettings) {
    this.#settings = settings
  }

  /** Sends a request. Rejects with TransientError when there is no answer, or nothing moves for a minute. */
  async send(request: SwiftRequest): Promise<OutgoingResponse> {
    const session = await this.#open()
    const response = await sendOnce(session, request)
    if (response.status !== 401) return response
    await response.body?.cancel()
    // A content that was taken from cannot be sent again: the caller tries again with the new token.
    this.#session = undefined
    if (request.body) throw new TransientError('the token of Swift has expired; the next try gets another')
    return sendOnce(await this.#open(), request)
  }

  #open(): Promise<SwiftSession> {
    this.#session ??= openSession(this.#settings)
    this.#session.catch(() => {
      this.#session = undefined
    })
    return this.#session
  }
}

async function sendOnce(session: SwiftSession, request: SwiftRequest): Promise<OutgoingResponse> {
  const { method, path, query = '', headers, body } = request
  const url = `${session.url}${path.split('/').map(encodeURIComponent).join('/')}${query}`
  const stalled = new AbortController()
  const timer = setTimeout(() => stalled.abort(), STALL_MS)
  const content = body?.()
  try {
    return await sendOut(url, {
      method,
      headers: { ...headers, 'x-auth-token': session.token },
      ...(content === undefined
        ? {}
        : { body: Buffer.isBuffer(content) ? content : copies(content, timer), duplex: 'half' }),
      signal: stalled.signal,
    })
  } catch (error) {
    const cause = causeOf(error) ?? error
    if (cause instanceof ContentFault) throw cause.cause
    const reason = stalled.signal.aborted ? `nothing moved for ${STALL_MS / 1000} s` : messageOf(cause)
    throw new TransientError(`${new URL(url).host}: ${reason}`, { cause: error })
  } finally {
    clearTimeout(timer)
  }
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

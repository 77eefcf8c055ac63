import { TransientError } from '../../domain/errors.ts'
import type { OutgoingResponse } from '../../runtime/outgoing.ts'
import { sendToStore } from '../send-to-store.ts'
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

function sendOnce(session: SwiftSession, request: SwiftRequest): Promise<OutgoingResponse> {
  const { method, path, query = '', headers, body } = request
  return sendToStore({
    method,
    url: `${session.url}${path.split('/').map(encodeURIComponent).join('/')}${query}`,
    headers: { ...headers, 'x-auth-token': session.token },
    body: body?.(),
  })
}

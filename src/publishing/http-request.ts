import { causeOf, messageOf, StackTachError, TransientError } from '../domain/errors.ts'
import { withGrace } from '../runtime/grace.ts'
import { OutgoingRequest, type OutgoingResponse, sendOut } from '../runtime/outgoing.ts'
import { splitCredentials } from '../text/url-credentials.ts'
import { UntakenError } from './receiver.ts'
import { withoutSent } from './sent-secrets.ts'

export type HttpRequest = {
  readonly url: string
  readonly method: 'POST' | 'PUT'
  readonly headers: { readonly [name: string]: string }
  readonly body: string | Buffer
  /** longest time of the whole exchange, ms */
  readonly timeoutMs: number
  /** whether the body of a successful response is needed, so that it is read to its end */
  readonly needsText?: boolean
}

export type HttpAnswer = { readonly status: number; readonly text: string }

/** Responses larger than this are cut, bytes. */
const LONGEST_ANSWER = 16 << 20
/**
 * Longest wait for the rest of a response that is not needed, ms: a connection that is read to its end can be
 * reused.
 */
const REST_MS = 1000

/**
 * Sends a request and reads the response, whatever its status. Rejects with TransientError when there is no
 * response, or with UntakenError when the server was reached. A response that breaks off after the status
 * still counts, since the status shows whether the request was accepted. `stop` does not abort the request at
 * once: it may have been accepted, and would be sent again. The text of a response that is no success is
 * without the secrets of the request.
 */
export async function sendHttp(request: HttpRequest, stop: AbortSignal): Promise<HttpAnswer> {
  const { url, timeoutMs, needsText = false } = request
  const deadline = AbortSignal.timeout(timeoutMs)
  const sent = requestOf(request)
  const enough = new AbortController()
  let timer: NodeJS.Timeout | undefined
  try {
    return await withGrace(stop, async (late) => {
      const response = await sendOut(sent, { signal: AbortSignal.any([deadline, late, enough.signal]) })
      if (response.ok && !needsText) timer = setTimeout(() => enough.abort(), REST_MS)
      const text = await readText(response)
      return { status: response.status, text: response.ok ? text : withoutSent(text, request) }
    })
  } catch (error) {
    const reason = deadline.aborted ? `no answer within ${timeoutMs / 1000} s` : reasonOf(error)
    const failure = deadline.aborted || wasReached(error) ? UntakenError : TransientError
    throw new failure(`${hostOf(url)}: ${reason}`, { cause: error })
  } finally {
    clearTimeout(timer)
  }
}

/**
 * Makes the request. Hides the errors of fetch for a bad header or URL, since they hold its text, maybe a
 * secret.
 */
function requestOf({ url, method, headers, body }: HttpRequest): OutgoingRequest {
  try {
    const { bare, authorization } = splitCredentials(url)
    return new OutgoingRequest(bare, {
      method,
      headers: { ...(authorization ? { authorization } : {}), ...headers },
      body,
      redirect: 'manual',
    })
  } catch {
    throw new StackTachError('config', `${hostOf(url)}: the URL or a header is not one that can be sent`)
  }
}

async function readText(response: OutgoingResponse): Promise<string> {
  const parts: Uint8Array[] = []
  let bytes = 0
  try {
    for await (const part of response.body ?? []) {
      parts.push(part)
      bytes += part.length
      if (bytes > LONGEST_ANSWER) break
    }
  } catch {
    // Use the part that has arrived.
  }
  return Buffer.concat(parts).toString('utf8')
}

/** Returns the reason of a failed fetch, which is in the cause of its error. */
function reasonOf(error: unknown): string {
  return messageOf(causeOf(error) ?? error)
}

/** Error codes of a connection that was made and then broke off or brought no valid response. */
const REACHED = /^(ECONNRESET|EPIPE|UND_ERR_(SOCKET|HEADERS_TIMEOUT|HEADERS_OVERFLOW|BODY_TIMEOUT)|HPE_\w+)$/

function wasReached(error: unknown): boolean {
  const cause = causeOf(error)
  if (!(cause instanceof Error)) return false
  return cause.name === 'HTTPParserError' || ('code' in cause && REACHED.test(String(cause.code)))
}

/**
 * Returns scheme, host and port of a URL. User, password and query may be secrets, and the path too: that of
 * a webhook lets in whoever knows it. The path of a broker is its virtual host and is kept.
 */
export function hostOf(url: string): string {
  const parsed = URL.parse(url)
  if (!parsed) return 'the URL'
  const { protocol, host, pathname } = parsed
  // `origin` would be null for schemes other than http and a few like it.
  return `${protocol}//${host}${/^amqps?:$/.test(protocol) ? pathname : ''}`
}

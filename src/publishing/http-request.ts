import { causeOf, messageOf, StackTachError, TransientError } from '../domain/errors.ts'
import { withGrace } from '../runtime/grace.ts'
import { splitCredentials } from '../text/url-credentials.ts'
import { UntakenError } from './receiver.ts'

export type HttpRequest = {
  readonly url: string
  readonly method: 'POST' | 'PUT'
  readonly headers: { readonly [name: string]: string }
  readonly body: string | Buffer
  /** for the whole exchange, ms */
  readonly timeoutMs: number
  /** what an answer of success says is of interest: it is waited for to its end */
  readonly needsText?: boolean
}

export type HttpAnswer = { readonly status: number; readonly text: string }

/** Answers larger than this are cut: only what they say of an error is of interest. */
const LONGEST_ANSWER = 16 << 20
/** How long the rest of an answer is waited for that nobody reads: a connection that is done can be used again. */
const REST_MS = 1000

/**
 * Sends a request and reads the answer, whatever its status. Rejects with TransientError when there is none: with
 * UntakenError where the server was there. What breaks off after the status is an answer all the same: it says whether
 * the request was taken. A stop does not break it off at once: what was sent may have been taken, and would be sent
 * again.
 */
export async function sendHttp(request: HttpRequest, stop: AbortSignal): Promise<HttpAnswer> {
  const { url, timeoutMs, needsText = false } = request
  const deadline = AbortSignal.timeout(timeoutMs)
  const sent = requestOf(request)
  const enough = new AbortController()
  let timer: NodeJS.Timeout | undefined
  try {
    return await withGrace(stop, async (late) => {
      const response = await fetch(sent, { signal: AbortSignal.any([deadline, late, enough.signal]) })
      if (response.ok && !needsText) timer = setTimeout(() => enough.abort(), REST_MS)
      return { status: response.status, text: await readText(response) }
    })
  } catch (error) {
    const reason = deadline.aborted ? `no answer within ${timeoutMs / 1000} s` : reasonOf(error)
    const failure = deadline.aborted || wasReached(error) ? UntakenError : TransientError
    throw new failure(`${hostOf(url)}: ${reason}`, { cause: error })
  } finally {
    clearTimeout(timer)
  }
}

/** What fetch says of a header or a URL that it does not take holds their text, which may be a secret. */
function requestOf({ url, method, headers, body }: HttpRequest): Request {
  try {
    const { bare, authorization } = splitCredentials(url)
    return new Request(bare, {
      method,
      headers: { ...(authorization ? { authorization } : {}), ...headers },
      body,
      redirect: 'manual',
    })
  } catch {
    throw new StackTachError('config', `${hostOf(url)}: the URL or a header is not one that can be sent`)
  }
}

async function readText(response: Response): Promise<string> {
  const parts: Uint8Array[] = []
  let bytes = 0
  try {
    for await (const part of response.body ?? []) {
      parts.push(part)
      bytes += part.length
      if (bytes > LONGEST_ANSWER) break
    }
  } catch {
    // What came of it is all there is.
  }
  return Buffer.concat(parts).toString('utf8')
}

/** fetch says only that it failed; its cause says why. */
function reasonOf(error: unknown): string {
  return messageOf(causeOf(error) ?? error)
}

/** The connection was made, and then broke off or brought what is no answer. */
const REACHED = /^(ECONNRESET|EPIPE|UND_ERR_(SOCKET|HEADERS_TIMEOUT|HEADERS_OVERFLOW|BODY_TIMEOUT)|HPE_\w+)$/

function wasReached(error: unknown): boolean {
  const cause = causeOf(error)
  if (!(cause instanceof Error)) return false
  return cause.name === 'HTTPParserError' || ('code' in cause && REACHED.test(String(cause.code)))
}

/** Without a user, a password or a query, which may be secrets. */
export function hostOf(url: string): string {
  const parsed = URL.parse(url)
  // Only of http and its like there is an origin.
  return parsed ? `${parsed.protocol}//${parsed.host}${parsed.pathname}` : 'the URL'
}

import { messageOf, StackTachError, TransientError } from '../domain/errors.ts'
import { splitCredentials } from '../domain/url-credentials.ts'
import { withGrace } from '../runtime/grace.ts'

export type HttpRequest = {
  readonly url: string
  readonly method: 'POST' | 'PUT'
  readonly headers: { readonly [name: string]: string }
  readonly body: string | Buffer
  /** for the whole exchange, ms */
  readonly timeoutMs: number
}

export type HttpAnswer = { readonly status: number; readonly text: string }

/** Answers larger than this are cut: only what they say of an error is of interest. */
const LONGEST_ANSWER = 16 << 20

/**
 * Sends a request and reads the answer, whatever its status. Rejects with TransientError when there is none. A stop
 * does not break it off at once: what was sent may have been taken, and would be sent again.
 */
export async function sendHttp(request: HttpRequest, stop: AbortSignal): Promise<HttpAnswer> {
  const { url, timeoutMs } = request
  const deadline = AbortSignal.timeout(timeoutMs)
  const sent = requestOf(request)
  try {
    return await withGrace(stop, async (late) => {
      const response = await fetch(sent, { signal: AbortSignal.any([deadline, late]) })
      return { status: response.status, text: await readText(response) }
    })
  } catch (error) {
    const reason = deadline.aborted ? `no answer within ${timeoutMs / 1000} s` : reasonOf(error)
    throw new TransientError(`${hostOf(url)}: ${reason}`, { cause: error })
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
  for await (const part of response.body ?? []) {
    parts.push(part)
    bytes += part.length
    if (bytes > LONGEST_ANSWER) break
  }
  return Buffer.concat(parts).toString('utf8')
}

/** fetch says only that it failed; its cause says why. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined
  return messageOf(cause ?? error)
}

/** Without a user, a password or a query, which may be secrets. */
export function hostOf(url: string): string {
  const parsed = URL.parse(url)
  return parsed ? `${parsed.origin}${parsed.pathname}` : 'the URL'
}

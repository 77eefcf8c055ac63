import { messageOf, TransientError } from '../domain/errors.ts'

export type HttpRequest = {
  readonly url: string
  readonly method: 'POST' | 'PUT'
  readonly headers: { readonly [name: string]: string }
  readonly body: string | Buffer
  /** for the whole exchange, ms */
  readonly timeoutMs: number
  readonly signal: AbortSignal
}

export type HttpAnswer = { readonly status: number; readonly text: string }

/** Answers larger than this are cut: only what they say of an error is of interest. */
const LONGEST_ANSWER = 16 << 20

/** Sends a request and reads the answer, whatever its status. Rejects with TransientError when there is none. */
export async function sendHttp(request: HttpRequest): Promise<HttpAnswer> {
  const { url, method, headers, body, timeoutMs, signal } = request
  const deadline = AbortSignal.timeout(timeoutMs)
  try {
    const response = await fetch(url, {
      method,
      headers,
      body,
      redirect: 'manual',
      signal: AbortSignal.any([signal, deadline]),
    })
    return { status: response.status, text: await readText(response) }
  } catch (error) {
    const reason = deadline.aborted ? `no answer within ${timeoutMs / 1000} s` : reasonOf(error)
    throw new TransientError(`${hostOf(url)}: ${reason}`, { cause: error })
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
  const { origin, pathname } = new URL(url)
  return `${origin}${pathname}`
}

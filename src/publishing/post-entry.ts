import type { AuthSettings, AuthTokens } from './auth-token.ts'
import { requireSuccess } from './deliver.ts'
import { hostOf, sendHttp } from './http-request.ts'
import { UntakenError } from './receiver.ts'

export type FeedSettings = {
  readonly url: string
  readonly auth: AuthSettings | undefined
  /** further headers, for feeds without tokens */
  readonly headers?: { readonly [name: string]: string }
  readonly timeoutMs: number
}

const UNAUTHORIZED = 401
const CONFLICT = 409

/**
 * Posts an entry to an Atom feed once. 409 counts as success, since the feed has the entry. After 401 the
 * token is renewed once. Rejects with InvalidError when the feed refuses the entry, else with TransientError.
 */
export async function postEntry(
  atom: string,
  feed: FeedSettings,
  tokens: AuthTokens,
  stop: AbortSignal,
): Promise<void> {
  const { url, auth, headers, timeoutMs } = feed
  const send = (token: string | undefined) =>
    sendHttp(
      {
        url,
        method: 'POST',
        headers: {
          ...headers,
          'content-type': 'application/atom+xml',
          ...(token ? { 'x-auth-token': token } : {}),
        },
        body: atom,
        timeoutMs,
      },
      stop,
    )
  const limits = { timeoutMs, stop }
  const token = auth && (await tokens.of(auth, undefined, limits))
  let answer = await send(token)
  if (answer.status === UNAUTHORIZED && auth) answer = await send(await tokens.of(auth, token, limits))
  if (answer.status === CONFLICT) return
  if (answer.status === UNAUTHORIZED) throw new UntakenError(`${hostOf(url)} answered 401: unauthorized`)
  requireSuccess(hostOf(url), answer.status, answer.text)
}

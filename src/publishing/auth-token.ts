import { StackTachError, TransientError } from '../domain/errors.ts'
import { readSecret } from '../runtime/read-secret.ts'
import { hostOf, sendHttp } from './http-request.ts'

export type AuthSettings = {
  /** URL of the token server; without a path, that of the identity API version 2 is added */
  readonly server: string
  readonly user: string
  readonly key: string | undefined
  /** a file with the key, readable by its owner only; used in place of `key` */
  readonly keyFile: string | undefined
}

/** `timeoutMs` limits the whole exchange; `stop` aborts when the process stops. */
type AskingLimits = { readonly timeoutMs: number; readonly stop: AbortSignal }

/** Caches tokens, also those still requested, by server and user. All runs of a process share them. */
export class AuthTokens {
  readonly #tokens = new Map<string, Promise<string>>()

  /**
   * Returns the token of a user. Requests one when there is none yet, or when the cached one is `refused`.
   */
  async of(
    settings: AuthSettings,
    refused: string | undefined,
    { timeoutMs, stop }: AskingLimits,
  ): Promise<string> {
    const name = `${settings.server} ${settings.user}`
    for (let known = this.#tokens.get(name); known; ) {
      const token = await known
      if (token !== refused) return token
      // Another run may have requested a new token in the meantime.
      const newer = this.#tokens.get(name)
      known = newer === known ? undefined : newer
    }
    const asked = askForToken(settings, { timeoutMs, stop })
    this.#tokens.set(name, asked)
    asked.catch(() => {
      if (this.#tokens.get(name) === asked) this.#tokens.delete(name)
    })
    return asked
  }
}

async function askForToken(settings: AuthSettings, { timeoutMs, stop }: AskingLimits): Promise<string> {
  const url = urlOf(settings)
  const credentials = { username: settings.user, apiKey: await keyOf(settings) }
  const { status, text } = await sendHttp(
    {
      url: url.href,
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json' },
      body: JSON.stringify({ auth: { 'RAX-KSKEY:apiKeyCredentials': credentials } }),
      timeoutMs,
      needsText: true,
    },
    stop,
  ).catch((error) => {
    // Not an UntakenError: a failure of the token server says nothing about the feed.
    throw error instanceof TransientError ? new TransientError(error.message, { cause: error }) : error
  })
  // The response may hold a token, so its text is left out of the error.
  if (status < 200 || status >= 300)
    throw new TransientError(`${hostOf(url.href)} gives out no token: it answered ${status}`)
  return tokenOf(text, url.href)
}

function urlOf({ server }: AuthSettings): URL {
  const url = URL.parse(server)
  if (!url) throw new StackTachError('config', 'auth_server: expected http(s)://…')
  if (url.pathname === '/') url.pathname = '/v2.0/tokens'
  return url
}

function tokenOf(text: string, url: string): string {
  const id = idIn(text)
  if (typeof id !== 'string' || id === '')
    throw new TransientError(`${hostOf(url)} answered without access.token.id`)
  const token = asHeader(id)
  // A cached token that cannot be sent would fail every request until the process ends.
  if (!token) throw new TransientError(`${hostOf(url)} gives out a token that cannot be sent`)
  return token
}

function idIn(text: string): unknown {
  try {
    return JSON.parse(text)?.access?.token?.id
  } catch {
    // A response that is not JSON holds no token.
    return undefined
  }
}

/** Returns a value as it is sent in a header; undefined when it cannot be sent. */
function asHeader(value: string): string | undefined {
  try {
    return new Headers({ 'x-auth-token': value }).get('x-auth-token') ?? undefined
  } catch {
    return undefined
  }
}

async function keyOf({ key, keyFile }: AuthSettings): Promise<string> {
  if (keyFile === undefined) {
    if (key === undefined) throw new StackTachError('config', 'auth_user needs auth_key or auth_key_file')
    return key
  }
  return readSecret(keyFile)
}

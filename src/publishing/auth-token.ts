import { StackTachError, TransientError } from '../domain/errors.ts'
import { readSecret } from '../runtime/read-secret.ts'
import { hostOf, sendHttp } from './http-request.ts'

export type AuthSettings = {
  /** where tokens are given out; without a path that of the identity API, version 2 */
  readonly server: string
  readonly user: string
  readonly key: string | undefined
  /** a file that only its owner can read, in place of the key */
  readonly keyFile: string | undefined
}

/** `timeoutMs` for the whole exchange; `stop`: the process stops. */
type AskingLimits = { readonly timeoutMs: number; readonly stop: AbortSignal }

/** Tokens that were given out, or have been asked for, by server and user: all runs of a process share them. */
export class AuthTokens {
  readonly #tokens = new Map<string, Promise<string>>()

  /** Returns the token of a user; asks for one where there is none yet, or where `refused` is not taken any more. */
  async of(
    settings: AuthSettings,
    refused: string | undefined,
    { timeoutMs, stop }: AskingLimits,
  ): Promise<string> {
    const name = `${settings.server} ${settings.user}`
    for (let known = this.#tokens.get(name); known; ) {
      const token = await known
      if (token !== refused) return token
      // Another run may have asked for a new one in the meantime.
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
    // It says nothing of what the token is for.
    throw error instanceof TransientError ? new TransientError(error.message, { cause: error }) : error
  })
  // The answer may hold a token: it is not repeated.
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
  // One that is kept and cannot be sent would fail everything until the process ends.
  if (!token) throw new TransientError(`${hostOf(url)} gives out a token that cannot be sent`)
  return token
}

function idIn(text: string): unknown {
  try {
    return JSON.parse(text)?.access?.token?.id
  } catch {
    // What is no JSON holds no token.
    return undefined
  }
}

/** As it is sent; undefined when it cannot be. */
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

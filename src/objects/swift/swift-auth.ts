import { causeOf, messageOf, StackTachError, TransientError } from '../../domain/errors.ts'
import { type OutgoingResponse, sendOut } from '../../runtime/outgoing.ts'
import { readSecret } from '../../runtime/read-secret.ts'

/** How a token of Swift is obtained. Secrets are files that only their owner can read. */
export type SwiftAuthSettings = {
  /** of TempAuth, such as http://swift:8080/auth/v1.0, or of Keystone, such as https://keystone:5000/v3 */
  readonly auth_url: string
  readonly user?: string | undefined
  readonly user_domain?: string | undefined
  readonly project?: string | undefined
  readonly project_domain?: string | undefined
  readonly application_credential?: string | undefined
  readonly secret_file: string
  readonly region?: string | undefined
  readonly interface?: string | undefined
}

/** A token, and the address of the account that it is for. */
export type SwiftSession = { readonly token: string; readonly url: string }

const TIMEOUT_MS = 30_000

/**
 * Obtains a token: from Keystone v3 where the address ends in `/v3`, else from TempAuth. Rejects with TransientError when there
 * is no answer or the secret is refused.
 */
export async function openSession(settings: SwiftAuthSettings): Promise<SwiftSession> {
  const secret = await readSecret(settings.secret_file)
  return /\/v3\/?$/.test(settings.auth_url) ? byKeystone(settings, secret) : byTempAuth(settings, secret)
}

async function byTempAuth(
  { auth_url: url, user = '' }: SwiftAuthSettings,
  secret: string,
): Promise<SwiftSession> {
  const response = await ask(url, { headers: { 'x-auth-user': user, 'x-auth-key': secret } })
  await response.body?.cancel()
  if (!response.ok) throw refused(url, response.status)
  return sessionOf(url, response.headers.get('x-auth-token'), response.headers.get('x-storage-url'))
}

async function ask(url: string, init: Parameters<typeof sendOut>[1]): Promise<OutgoingResponse> {
  try {
    return await sendOut(url, { ...init, signal: AbortSignal.timeout(TIMEOUT_MS) })
  } catch (error) {
    throw new TransientError(`${new URL(url).host}: ${messageOf(causeOf(error) ?? error)}`, { cause: error })
  }
}

type Catalog = readonly {
  readonly type: string
  readonly endpoints: readonly { readonly interface: string; readonly region: string; readonly url: string }[]
}[]

async function byKeystone(settings: SwiftAuthSettings, secret: string): Promise<SwiftSession> {
  const { auth_url: url, region, interface: side = 'public' } = settings
  const response = await ask(`${url.replace(/\/$/, '')}/auth/tokens`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ auth: { identity: identityOf(settings, secret), ...scopeOf(settings) } }),
  })
  if (!response.ok) {
    await response.body?.cancel()
    throw refused(url, response.status)
  }
  const { token } = (await response.json()) as { token?: { catalog?: Catalog } }
  const endpoints = (token?.catalog ?? [])
    .filter(({ type }) => type === 'object-store')
    .flatMap((one) => one.endpoints)
  const found = endpoints.find(
    (one) => one.interface === side && (region === undefined || one.region === region),
  )
  if (!found) {
    const where = region === undefined ? '' : ` in the region ${region}`
    throw new StackTachError(
      'config',
      `${url}: the catalog has no ${side} endpoint of type object-store${where}`,
    )
  }
  return sessionOf(url, response.headers.get('x-subject-token'), found.url)
}

function identityOf(settings: SwiftAuthSettings, secret: string): object {
  const { user, user_domain: domain = 'Default', application_credential: id } = settings
  if (id !== undefined) return { methods: ['application_credential'], application_credential: { id, secret } }
  return {
    methods: ['password'],
    password: { user: { name: user, domain: { name: domain }, password: secret } },
  }
}

/** The scope of an application credential is its own. */
function scopeOf({
  project,
  project_domain: domain = 'Default',
  application_credential: id,
}: SwiftAuthSettings): object {
  return id !== undefined || project === undefined
    ? {}
    : { scope: { project: { name: project, domain: { name: domain } } } }
}

function sessionOf(url: string, token: string | null, storage: string | null): SwiftSession {
  if (!token || !storage)
    throw new TransientError(`${url} answered without a token or the address of an account`)
  return { token, url: storage.replace(/\/$/, '') }
}

function refused(url: string, status: number): TransientError {
  return new TransientError(`${url} gives out no token: it answered ${status}`)
}

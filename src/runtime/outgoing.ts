import { readFileSync } from 'node:fs'
import { getCACertificates } from 'node:tls'
import {
  type Dispatcher,
  EnvHttpProxyAgent,
  fetch,
  Request,
  type RequestInit,
  type Response,
  request,
} from 'undici'

import { messageOf, StackTachError } from '../domain/errors.ts'

/** How requests of this process reach others. */
export type OutgoingSettings = {
  /** URL of the proxy; `none`: no proxy, whatever the environment says; undefined: as the environment says */
  readonly proxy?: string | undefined
  /** hosts that are reached without the proxy: names, `.domain`, `HOST:PORT`, `*` */
  readonly noProxy?: readonly string[] | undefined
  /** path of certificates of authorities that are trusted beside those that Node trusts */
  readonly ca?: string | undefined
  /** paths of the certificate that this process shows, and of its key */
  readonly cert?: string | undefined
  readonly key?: string | undefined
}

/** A request that is ready to be sent. Throws TypeError for a bad URL or header. */
export { Request as OutgoingRequest }
export type OutgoingResponse = Response

/** Hosts that no proxy leads to: they are this machine. */
const OWN_HOSTS = ['localhost', '127.0.0.1', '[::1]', '::1']

let settings: OutgoingSettings = {}
let agent: Dispatcher | undefined

/**
 * Sets how requests of this process reach others from now on. Requests under way end as they began.
 *
 * @example
 * useOutgoing({ proxy: 'http://proxy:3128', noProxy: ['.example.org'] })
 */
export function useOutgoing(next: OutgoingSettings): void {
  if (JSON.stringify(next) === JSON.stringify(settings)) return
  settings = next
  const last = agent
  agent = undefined
  last?.close().catch(() => {})
}

/**
 * Sends a request, by the proxy and with the certificate that are set, or as HTTP_PROXY, HTTPS_PROXY and NO_PROXY of
 * the environment say; never by a proxy to this machine. Rejects as fetch does, and with StackTachError when a
 * certificate cannot be read.
 */
export async function sendOut(target: Request | URL | string, init: RequestInit = {}): Promise<Response> {
  agent ??= createAgent(settings, process.env)
  return fetch(target, { ...init, dispatcher: agent })
}

/** The answer to a POST, whose body is not wanted. */
export type PostAnswer = {
  readonly status: number
  /** Returns a header by its name in lower case. */
  readonly header: (name: string) => string | undefined
}

/**
 * Posts bytes as sendOut does, without the copies that a Request makes of them. Follows no redirects, and reads the answer
 * to its end, so that the connection can be used again. Rejects as undici does.
 */
export async function postOut(
  url: string,
  {
    headers,
    body,
    signal,
  }: { readonly headers: Record<string, string>; readonly body: Buffer; readonly signal: AbortSignal },
): Promise<PostAnswer> {
  agent ??= createAgent(settings, process.env)
  const answer = await request(url, { method: 'POST', headers, body, signal, dispatcher: agent })
  await answer.body.dump()
  return {
    status: answer.statusCode,
    header: (name) => [answer.headers[name]].flat()[0],
  }
}

function createAgent(
  { proxy, noProxy, ca, cert, key }: OutgoingSettings,
  environment: NodeJS.ProcessEnv,
): Dispatcher {
  const named = noProxy ?? (environment.no_proxy ?? environment.NO_PROXY ?? '').split(/[\s,]+/)
  const around = proxy === 'none' ? ['*'] : [...named, ...OWN_HOSTS].filter((host) => host !== '')
  const tls = {
    ...(ca === undefined ? {} : { ca: [...getCACertificates('default'), textOf(ca)] }),
    ...(cert === undefined ? {} : { cert: textOf(cert) }),
    ...(key === undefined ? {} : { key: textOf(key) }),
  }
  return new EnvHttpProxyAgent({
    // An empty text would count as none, and the environment be asked.
    ...(proxy === undefined || proxy === 'none' ? {} : { httpProxy: proxy, httpsProxy: proxy }),
    noProxy: around.includes('*') ? '*' : around.join(','),
    connect: tls,
    requestTls: tls,
    proxyTls: 'ca' in tls ? { ca: tls.ca } : {},
  })
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new StackTachError('config', `cannot read ${file}: ${messageOf(error)}`, { cause: error })
  }
}

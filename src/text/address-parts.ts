/** An address of a server, or several, in its parts; nothing is decoded yet. */
export type AddressParts = {
  readonly scheme: string
  /** between `://` and the path */
  readonly authority: string
  /** with its first slash; empty where there is none */
  readonly path: string
  /** decoded; no name twice */
  readonly options: ReadonlyMap<string, string>
}

export type ServerPart = {
  readonly host: string
  readonly port: number | undefined
  /** undefined where the address names nobody */
  readonly user: string | undefined
  readonly password: string | undefined
}

/** What is wrong with an address; never repeats it, since it holds a password. */
export type AddressFault = { readonly fault: string }

export const QUOTING =
  'write what is special in a URL as %23 for #, %2F for /, %3A for :, %40 for @, %25 for %'

const PARTS = /^([a-z][\w+.-]*):\/\/([^/?#]*)(\/[^?#]*)?(?:\?([^#]*))?$/i
const SERVER = /^(\[[0-9a-f:.]+\]|[^\s:[\]%@,]*)(?::(\d*))?$/i

/** Takes an address apart; undefined when it is none. */
export function splitAddress(text: string): AddressParts | AddressFault {
  const [, scheme, authority, path = '', query = ''] = PARTS.exec(text) ?? []
  if (scheme === undefined || authority === undefined || /[\s\p{Cc}]/u.test(text)) {
    return { fault: QUOTING }
  }
  const options = new Map<string, string>()
  for (const pair of query.split('&').filter((part) => part !== '')) {
    const at = pair.indexOf('=')
    const name = decodePart(at < 0 ? pair : pair.slice(0, at))
    const value = decodePart(at < 0 ? '' : pair.slice(at + 1).replaceAll('+', ' '))
    if (name === undefined || value === undefined) return { fault: 'what stands behind the ? is not UTF-8' }
    if (options.has(name)) return { fault: `${name} is set twice behind the ?` }
    options.set(name, value)
  }
  return { scheme: scheme.toLowerCase(), authority, path, options }
}

/** `user:password@host:port`; a host is not needed. */
export function splitServer(text: string): ServerPart | AddressFault {
  const at = text.lastIndexOf('@')
  const [, host, port] = SERVER.exec(text.slice(at + 1)) ?? []
  if (host === undefined) return { fault: `the host is none; ${QUOTING}` }
  if (port && (Number(port) < 1 || Number(port) > 65_535)) return { fault: `there is no port ${port}` }
  const account = at < 0 ? [] : text.slice(0, at).split(/:(.*)/s)
  const [user, password] = account.map((part) => decodePart(part))
  if (at >= 0 && (user === undefined || (account.length > 1 && password === undefined))) {
    return { fault: 'the user or the password is not UTF-8 when its %XX are decoded' }
  }
  return { host: host.replace(/^\[|\]$/g, ''), port: port ? Number(port) : undefined, user, password }
}

/** Decodes %XX; a % with no two digits of hex behind it stands for itself. Undefined when it is not UTF-8. */
export function decodePart(text: string): string | undefined {
  try {
    return decodeURIComponent(text.replace(/%(?![0-9a-f]{2})/gi, '%25'))
  } catch {
    return undefined
  }
}

/** What true and false may be written as; undefined for anything else. */
export function booleanOf(text: string): boolean | undefined {
  if (/^(true|yes|on|1)$/i.test(text)) return true
  return /^(false|no|off|0)$/i.test(text) ? false : undefined
}

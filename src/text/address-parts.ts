/** The parts of an address of one server or several. Authority and path are not decoded yet. */
export type AddressParts = {
  readonly scheme: string
  /** the text between `://` and the path */
  readonly authority: string
  /** with its leading slash; empty where there is none */
  readonly path: string
  /** the query's options, decoded; no name occurs twice */
  readonly options: ReadonlyMap<string, string>
}

/** The host, port and account of one server in an address. */
export type ServerPart = {
  readonly host: string
  readonly port: number | undefined
  /** undefined where the address has no account */
  readonly user: string | undefined
  readonly password: string | undefined
}

/** A sentence about what is wrong with an address. It never quotes the address, which may hold a password. */
export type AddressFault = { readonly fault: string }

/** A hint for messages: how special characters are written in a URL. */
export const QUOTING =
  'special characters are written as %23 for #, %2F for /, %3A for :, %40 for @, %25 for %'

const PARTS = /^([a-z][\w+.-]*):\/\/([^/?#]*)(\/[^?#]*)?(?:\?([^#]*))?$/i
const SERVER = /^(\[[0-9a-f:.]+\]|[^\s:[\]%@,]*)(?::(\d*))?$/i

/** Splits an address into its parts, or returns the fault where the text is no address. */
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
    if (name === undefined || value === undefined)
      return { fault: 'an option after the ? is not UTF-8 when its %XX are decoded' }
    if (options.has(name)) return { fault: `the option ${name} is given twice after the ?` }
    options.set(name, value)
  }
  return { scheme: scheme.toLowerCase(), authority, path, options }
}

/** Splits `user:password@host:port` and decodes the account. Account, host and port may each be missing. */
export function splitServer(text: string): ServerPart | AddressFault {
  const at = text.lastIndexOf('@')
  const [, host, port] = SERVER.exec(text.slice(at + 1)) ?? []
  if (host === undefined) return { fault: `the host is not valid; ${QUOTING}` }
  if (port && (Number(port) < 1 || Number(port) > 65_535)) return { fault: `port ${port} is not in 1..65535` }
  const account = at < 0 ? [] : text.slice(0, at).split(/:(.*)/s)
  const [user, password] = account.map((part) => decodePart(part))
  if (at >= 0 && (user === undefined || (account.length > 1 && password === undefined))) {
    return { fault: 'the user or the password is not UTF-8 when its %XX are decoded' }
  }
  return { host: host.replace(/^\[|\]$/g, ''), port: port ? Number(port) : undefined, user, password }
}

/**
 * Decodes %XX. A % without two hex digits after it stands for itself. Returns undefined when the result is
 * not UTF-8.
 */
export function decodePart(text: string): string | undefined {
  try {
    return decodeURIComponent(text.replace(/%(?![0-9a-f]{2})/gi, '%25'))
  } catch {
    return undefined
  }
}

/** Parses true, yes, on, 1 or false, no, off, 0 in any case; undefined for anything else. */
export function booleanOf(text: string): boolean | undefined {
  if (/^(true|yes|on|1)$/i.test(text)) return true
  return /^(false|no|off|0)$/i.test(text) ? false : undefined
}

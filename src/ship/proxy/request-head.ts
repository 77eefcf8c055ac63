/** A CONNECT request. `host` is in lower case. */
export type ConnectRequest = {
  readonly kind: 'connect'
  readonly version: string
  readonly host: string
  readonly port: number
  /** the header Proxy-Authorization, else Authorization */
  readonly authorization: string | undefined
}

/**
 * What the head of a request asks for. `bad`: refused with this status and reason. `garbage`: no HTTP, for which there is no
 * reply.
 */
export type RequestHead =
  | ConnectRequest
  | { readonly kind: 'bad'; readonly version: string; readonly status: number; readonly reason: string }
  | { readonly kind: 'garbage' }

const REQUEST_LINE = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+) (\S*) HTTP\/(\d)\.(\d)$/
const END = /\r?\n\r?\n/

/** Returns the offset behind the empty line that ends a head; -1 where it has not come yet. */
export function endOfHead(text: string): number {
  const found = END.exec(text)
  return found ? found.index + found[0].length : -1
}

/** Parses the head of a request to a CONNECT proxy, with the line feeds at its end. */
export function parseRequestHead(text: string): RequestHead {
  const [first = '', ...lines] = text.split(/\r?\n/)
  const [, method, target = '', major, minor] = REQUEST_LINE.exec(first) ?? []
  if (method === undefined) return { kind: 'garbage' }
  if (major !== '1') return bad('1.1', 400, `expected HTTP/1.0 or HTTP/1.1, found HTTP/${major}.${minor}`)
  const version = `1.${minor === '0' ? 0 : 1}`
  if (method !== 'CONNECT') return bad(version, 405, `expected the method CONNECT, found ${method}`)
  const place = parseTarget(target)
  if (!place) return bad(version, 400, 'expected CONNECT HOST:PORT')
  const authorization = headerOf(lines, 'proxy-authorization') ?? headerOf(lines, 'authorization')
  return { kind: 'connect', version, ...place, authorization }
}

function bad(version: string, status: number, reason: string): RequestHead {
  return { kind: 'bad', version, status, reason }
}

/** Parses HOST:PORT as hermes does: a user before it and a path behind it are passed over. */
function parseTarget(target: string): { readonly host: string; readonly port: number } | undefined {
  const [authority = ''] = target.split(/[/?#]/, 1)
  const place = authority.slice(authority.lastIndexOf('@') + 1)
  const [, host, port] = /^(\[[0-9A-Fa-f:.]+\]|[^:[\]]+):0*(\d{1,5})$/.exec(place) ?? []
  if (host === undefined) return undefined
  // A dot at the end of a name only says that it is whole.
  return { host: host.toLowerCase().replace(/^\[|\]$|\.$/g, ''), port: Number(port) }
}

function headerOf(lines: readonly string[], name: string): string | undefined {
  const line = lines.find((one) => one.toLowerCase().startsWith(`${name}:`))
  return line?.slice(name.length + 1).trim()
}

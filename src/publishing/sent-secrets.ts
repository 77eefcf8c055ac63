import { MASK } from '../text/secret-names.ts'

/** Headers whose values are no secrets. */
const OPEN = new Set(['content-type', 'content-encoding', 'accept'])

/** Shorter texts are found in any response. */
const SHORTEST = 4

/**
 * Returns a response without what the request held that may be a secret and that a server may repeat: values
 * of headers, the user and password, the path and the query of the URL.
 */
export function withoutSent(
  text: string,
  { url, headers }: { readonly url: string; readonly headers: { readonly [name: string]: string } },
): string {
  const secrets = [...ofHeaders(headers), ...ofUrl(url)].filter(({ length }) => length >= SHORTEST)
  // The longest first: one may be a part of another.
  return secrets
    .sort((a, b) => b.length - a.length)
    .reduce((left, secret) => left.replaceAll(secret, MASK), text)
}

function ofHeaders(headers: { readonly [name: string]: string }): string[] {
  return Object.entries(headers).flatMap(([name, value]) => {
    if (OPEN.has(name.toLowerCase())) return []
    const [, behindScheme = ''] = /^\w+ (.+)$/.exec(value) ?? []
    return [value, behindScheme]
  })
}

function ofUrl(url: string): string[] {
  const parsed = URL.parse(url)
  if (!parsed) return []
  const { username, password, pathname, search } = parsed
  const account = [username, password].map(decoded).join(':')
  const basic = account === ':' ? [] : [account, Buffer.from(account).toString('base64')]
  return [...basic, password, decoded(password), pathname, `${pathname}${search}`, search.slice(1)]
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}

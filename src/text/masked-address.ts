import { isPlaceholder, MASK } from './secret-names.ts'
import { characterSet, endOfRun } from './text-parts.ts'

/** An address up to a colon, behind which another address may begin. */
const ADDRESS_PART = characterSet(/[^\s"'<>\\`:]/)
/** What ends no address: a colon without two slashes behind it, and a slash that is escaped. */
const GOES_ON = /:(?!\\{0,9}\/\\{0,9}\/)|\\{1,9}\//y
const ESCAPED_SLASH = /\\{1,9}\//

/** An account whose password goes on behind a blank, a quote or a bracket: no port, no path. */
const OPEN_ACCOUNT = /^[^\s:@/?#\\]{0,64}:(?!\d{0,5}$)[^/?#@\\]{0,64}$|^[^\s:@/?#\\]{1,64}:$/
/** Signs that the text around an address goes on, not the password. */
const AROUND = /[\n\r`]|\\+[nrt]|:\/|["'>]\s|[,;.]\s|["']\s*[,:}\])]|[,:{[(=]\s*\\*["']/
const LONGEST_ODD = 96

/** Returns the index behind the address that begins at an index, also with slashes that are escaped. */
export function endOfAddress(text: string, start: number): number {
  let end = endOfRun(text, start, ADDRESS_PART, 1)
  for (;;) {
    GOES_ON.lastIndex = end
    if (!GOES_ON.test(text)) return end
    end = endOfRun(text, GOES_ON.lastIndex, ADDRESS_PART, 1)
  }
}

/**
 * Returns the index behind the authority whose password has characters that end addresses elsewhere, such as
 * `p q`, `p'q` or `p<q>`, where an `@` on the same line shows its end; `end` where none does.
 */
export function endOfOddAccount(text: string, start: number, end: number): number {
  if (end >= text.length || end - start > 160 || !OPEN_ACCOUNT.test(text.slice(start, end))) return end
  const near = text.slice(end, end + LONGEST_ODD)
  const at = near.search(/@[\w[]/)
  if (at < 0 || AROUND.test(near.slice(0, at))) return end
  return endOfAddress(text, end + at + 1)
}

/**
 * Masks the passwords of accounts in an address, and the path of a webhook. `rest` is what stands behind
 * `://`.
 */
export function maskAddress(rest: string): string {
  const escaped = ESCAPED_SLASH.exec(rest)?.[0]
  if (escaped === undefined) return maskPlain(rest)
  const plain = rest.replace(/\\{1,9}\//g, '/')
  const masked = maskPlain(plain)
  return masked === plain ? rest : masked.replaceAll('/', escaped)
}

function maskPlain(rest: string): string {
  const end = authorityEnd(rest)
  const authority = maskAccounts(rest.slice(0, end))
  if (rest.length - end > 1 && isWebhook(rest)) return `${authority}/${MASK}`
  return authority + rest.slice(end)
}

/**
 * Returns whether an address is that of a webhook, whose path lets in whoever knows it. `rest` is what stands
 * behind `://`.
 */
export function isWebhook(rest: string): boolean {
  return /^[^/]*\bhooks?\.|^[^/]*webhook|\/(?:[\w-]*web-?)?hooks?\/[^/]|\/services\/T\w+\/B\w+|\/bot\d+:|\/integration\/[^/]+\/enqueue|\/with\/key\/[^/]/i.test(
    rest.slice(0, 1_000),
  )
}

/**
 * Returns where the authority ends: before the path, which begins behind the last account. A password may
 * hold a slash that is not escaped.
 */
function authorityEnd(rest: string): number {
  const slash = orEnd(rest.search(/[/?#]/), rest)
  const at = rest.lastIndexOf('@')
  if (at < slash) return slash
  // `host:8080/…@…` has a port and a path, `user:pass/word@host` has not; a path or query may hold an @ too.
  const head = rest.slice(0, slash)
  const hasAccount = head.includes(':') && !head.includes('@') && !/:\d{0,5}$/.test(head.slice(-6))
  return hasAccount ? at + orEnd(rest.slice(at).search(/[/?#]/), rest.slice(at)) : slash
}

function orEnd(at: number, text: string): number {
  return at < 0 ? text.length : at
}

function maskAccounts(authority: string): string {
  if (!authority.includes('@')) return authority
  if (!authority.includes(',')) return maskAccount(authority)
  const masked: string[] = []
  let waiting: string[] = []
  for (const piece of authority.split(',')) {
    waiting.push(piece)
    if (!piece.includes('@')) continue
    masked.push(maskAccount(waiting.join(',')))
    waiting = []
  }
  return [...masked, ...waiting].join(',')
}

function maskAccount(server: string): string {
  const at = server.lastIndexOf('@')
  const colon = server.indexOf(':')
  if (colon < 0 || colon > at || isPlaceholder(server.slice(colon + 1, at))) return server
  return `${server.slice(0, colon)}:${MASK}${server.slice(at)}`
}

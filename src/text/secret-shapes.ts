import { MASK } from './secret-names.ts'
import { characterSet, endOfRun, type Part, TextParts } from './text-parts.ts'

/** What comes before a secret that is known by its form, and how to find its part of the text. */
type Shape = {
  readonly begin: RegExp
  /** Returns the part to replace for a match from `start` to `end`, or the index at which to go on. */
  partAt(text: string, end: number, start: number): Part | number
}

const WORD = characterSet(/[\w-]/)
const DOTTED = characterSet(/[\w.-]/)
const BASE64 = characterSet(/[\w+/=.~-]/)
const PARAMETER = characterSet(/[\w.~%+/=-]/)
const ENCODED = characterSet(/[\w.~%+!*,-]/)
const PEM = characterSet(/[\w+/=\s\\:,.]/)
/** An address up to a colon, behind which another address may begin. */
const ADDRESS_PART = characterSet(/[^\s"'<>\\`:]/)

const SHAPES: readonly Shape[] = [
  { begin: /:\\{0,9}\/\\{0,9}\//g, partAt: addressAt },
  {
    // `user:password@host:5672` or `user:password@host/db`, without a scheme before it
    begin:
      /(?<![\w.+%:@/-])(?!\d+:)[\w.+%-]{1,64}:[^\s"'<>\\`@/]{6,64}@(?!sha\d+:)(?=(?:tcp|unix)?\(|[\w.-]{1,100}(?::\d|\/))/g,
    partAt: (text, end, start) => hidden(text.indexOf(':', start) + 1, end - 1),
  },
  {
    begin: /\bbearer(?:\s{1,8}|%20)(?=[\w+/=.~-]{4})/gi,
    partAt: (text, end) => credentialsAt(text, end, isToken),
  },
  {
    begin: /\bbasic(?:\s{1,8}|%20)(?=[\w+/=-]{4})/gi,
    partAt: (text, end) => credentialsAt(text, end, isAccount),
  },
  // Fernet
  {
    begin: /(?<![\w+-])gAAAA(?=[\w-]{8})/g,
    partAt: (text, end) => hidden(end - 5, endOfFernet(text, end)),
  },
  // JSON Web Token
  { begin: /(?<![\w+-])eyJ(?=[\w-]{8})/g, partAt: jsonTokenAt },
  // tokens of GitHub, GitLab, Slack
  {
    begin:
      /(?<![\w-])(?:gh[pousr]_(?=\w{20})|github_pat_(?=\w{20})|glpat-(?=[\w-]{16})|xox[a-z]-(?=[\w-]{10}))/g,
    partAt: (text, end) => hidden(end, endOfRun(text, end, WORD)),
  },
  // a token in a path of Keystone
  { begin: /\/tokens\/(?=[\w-]{16})/g, partAt: (text, end) => hidden(end, endOfRun(text, end, WORD)) },
  // an address as a parameter of a query
  { begin: /%(?:25){0,3}3a(?:%(?:25){0,3}2f){2}/gi, partAt: encodedAddressAt },
  // a parameter that isSecretParameter knows and isSecretName does not
  { begin: /[?&]key=(?=[\w-])/gi, partAt: (text, end) => hidden(end, endOfRun(text, end, PARAMETER)) },
  {
    begin: /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY-----/g,
    partAt: (text, end) => hidden(end, endOfRun(text, end, PEM)),
  },
]

/** A part of what every shape has, so that most texts need one look only. */
export const SHAPE_STEM =
  /:\\*\/|@|bearer|basic|gAAAA|eyJ|gh[a-z]_|github_pat|glpat-|xox|PRIVATE KEY|\/tokens\/|2f%|[?&]key=/i

/**
 * Replaces what is a secret by its form: passwords in addresses, paths of webhooks, bearer and basic
 * credentials, Fernet and JSON Web Tokens, private keys. The time is proportional to the text.
 *
 * @example
 * maskShapes('amqp://me:abc@mq1/') // 'amqp://me:***@mq1/'
 */
export function maskShapes(text: string): string {
  if (!SHAPE_STEM.test(text)) return text
  return SHAPES.reduce(maskShape, text)
}

function maskShape(text: string, { begin, partAt }: Shape): string {
  const parts = new TextParts(text)
  begin.lastIndex = 0
  for (let found = begin.exec(text); found; found = begin.exec(text)) {
    const part = partAt(text, begin.lastIndex, found.index)
    if (typeof part !== 'number') parts.replace(part)
    begin.lastIndex = typeof part === 'number' ? part : part.end
  }
  return parts.toString()
}

function hidden(start: number, end: number): Part {
  return { start, end, text: MASK }
}

/** Masks passwords of one or several accounts in an address, and the path of a webhook. */
function addressAt(text: string, start: number): Part | number {
  let end = endOfRun(text, start, ADDRESS_PART, 1)
  while (text[end] === ':' && !text.startsWith('://', end)) end = endOfRun(text, end + 1, ADDRESS_PART, 1)
  const rest = text.slice(start, end)
  const masked = maskAddress(rest)
  return masked === rest ? end : { start, end, text: masked }
}

function credentialsAt(text: string, start: number, isSecret: (token: string) => boolean): Part | number {
  const end = endOfRun(text, start, BASE64)
  return isSecret(text.slice(start, end)) ? hidden(start, end) : end
}

/** Whether a text after `Bearer` is a token and no word of a sentence. */
function isToken(token: string): boolean {
  return token.length >= 24 || (token.length >= 16 && /[\dA-Z_+/=.~-]/.test(token))
}

/** Whether a text after `Basic` is an account in base64, which may be cut off, and no word of a sentence. */
function isAccount(token: string): boolean {
  if (token.length < 8) return false
  const account = Buffer.from(token.slice(0, 1_024), 'base64').toString()
  // biome-ignore lint/suspicious/noControlCharactersInRegex: no user has one in the name
  return /^[^\u0000-\u001f\u007f\ufffd:]*:/.test(account)
}

function endOfFernet(text: string, start: number): number {
  const end = endOfRun(text, start, WORD)
  const padding = /^(?:={1,2}|(?:%3d){1,2})/i.exec(text.slice(end, end + 6))?.[0] ?? ''
  return end + padding.length
}

function jsonTokenAt(text: string, start: number): Part | number {
  const end = endOfRun(text, start, DOTTED)
  const dot = text.slice(start, end).indexOf('.')
  return dot >= 8 && end - start - dot > 4 ? hidden(start - 3, end) : end
}

/** Masks the password of the account in a percent-encoded address: `amqp%3A%2F%2Fuser%3Apassword%40host`. */
function encodedAddressAt(text: string, start: number): Part | number {
  // No account is longer, and what follows may hold many addresses.
  const near = text.slice(start, start + 1_024)
  const authority = near.slice(0, endOfRun(near, 0, ENCODED)).split(/%(?:25)*(?:2f|3f)/i, 1)[0] ?? ''
  const account = /^((?:[^%]|%(?!(?:25)*3a))*%(?:25)*3a)(.+)%(?:25)*40/i.exec(authority)
  if (!account) return start + authority.length
  const [, user = '', password = ''] = account
  return hidden(start + user.length, start + user.length + password.length)
}

/**
 * Returns whether an address is that of a webhook, whose path lets in whoever knows it. `rest` is what stands
 * behind `://`.
 */
function isWebhook(rest: string): boolean {
  return /^[^/]*\bhooks?\.|^[^/]*webhook|\/(?:[\w-]*web-?)?hooks?\/[^/]|\/services\/T\w+\/B\w+|\/bot\d+:|\/integration\/[^/]+\/enqueue|\/with\/key\/[^/]/i.test(
    rest.slice(0, 1_000),
  )
}

function maskAddress(rest: string): string {
  const end = authorityEnd(rest)
  const authority = maskAccounts(rest.slice(0, end))
  if (rest.length - end > 1 && isWebhook(rest)) return `${authority}/${MASK}`
  return authority + rest.slice(end)
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
  return colon < 0 || colon > at ? server : `${server.slice(0, colon)}:${MASK}${server.slice(at)}`
}

import { COMMAND_SHAPES, COMMAND_STEM } from './command-shapes.ts'
import { endOfEncoded } from './encoded-value.ts'
import { endOfAddress, endOfOddAccount, isWebhook, maskAddress } from './masked-address.ts'
import type { Shape } from './shape.ts'
import { characterSet, endOfRun, type Part, TextParts } from './text-parts.ts'
import { TOKEN, TOKEN_BEGIN, TOKEN_STEM } from './token-forms.ts'
import { hidden } from './value-parts.ts'
import { WEBHOOK, WEBHOOK_STEM } from './webhook-shapes.ts'

const WORD = characterSet(/[\w-]/)
const DOTTED = characterSet(/[\w.-]/)
const BASE64 = characterSet(/[\w+/=.~-]/)
const PARAMETER = characterSet(/[\w.~%+/=-]/)
const ENCODED = characterSet(/[\w.~%+!*,-]/)
const ENCODED_SLASH = /%(?:25){0,3}2f/gi
const PEM = characterSet(/[\w+/=\s\\:,.]/)
const SHAPES: readonly Shape[] = [
  { begin: /:\\{0,9}\/\\{0,9}\//g, partAt: addressAt },
  {
    // `user:password@host:5672` or `user:password@host/db`, without a scheme before it
    begin:
      /(?<![\w.+%:@/-])(?!\d+:)[\w.+%-]{1,64}:(?:[^\s"'<>\\`@/]|(?<=\w)['<>](?=[\w@])){6,64}@(?!sha\d+:)(?=(?:tcp|unix)?\(|[\w.-]{1,100}(?::\d|\/))/g,
    partAt: (text, end, start) =>
      isMailOfLabel(text, start, end) ? end : hidden(text.indexOf(':', start) + 1, end - 1),
  },
  {
    begin: /(?:\b|(?<=%[\da-f]{2}|\\[nrt]))bearer(?:\s{1,8}|%20)(?=[\w+/=.~-]{4})/gi,
    partAt: (text, end) => credentialsAt(text, end, isToken),
  },
  // tickets of Kerberos and NTLM
  {
    begin: /(?:\b|(?<=%[\da-f]{2}|\\[nrt]))(?:negotiate|ntlm)(?:\s{1,8}|%20)(?=YII|oYI|oX|TlRM|[\w+/]{32})/gi,
    partAt: (text, end) => hidden(end, endOfRun(text, end, BASE64)),
  },
  {
    begin: /(?:\b|(?<=%[\da-f]{2}|\\[nrt]))basic(?:\s{1,8}|%20)(?=[\w+/=-]{4})/gi,
    partAt: (text, end) => credentialsAt(text, end, isAccount),
  },
  // Fernet
  {
    begin: new RegExp(`${TOKEN_BEGIN}gAAAA(?=[\\w-]{8})`, 'g'),
    partAt: (text, end) => hidden(end - 5, endOfFernet(text, end)),
  },
  // JSON Web Token
  { begin: new RegExp(`${TOKEN_BEGIN}eyJ(?=[\\w-]{8})`, 'g'), partAt: jsonTokenAt },
  {
    begin: TOKEN,
    partAt: (text, end) => hidden(end, endOfToken(text, end)),
  },
  // a token in a path of Keystone
  { begin: /\/tokens\/(?=[\w-]{16})/g, partAt: (text, end) => hidden(end, endOfRun(text, end, WORD)) },
  // an address as a parameter of a query
  { begin: /%(?:25){0,3}3a(?:%(?:25){0,3}2f){2}/gi, partAt: encodedAddressAt },
  WEBHOOK,
  ...COMMAND_SHAPES,
  // a parameter that isSecretParameter knows and isSecretName does not
  {
    begin: /(?:[?&]|%(?:25){0,3}(?:3f|26))key(?:=|%(?:25){0,3}3d)(?=[\w-])/gi,
    partAt: (text, end) => hidden(end, endOfRun(text, end, PARAMETER)),
  },
  {
    begin: /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----/g,
    partAt: (text, end) => hidden(end, endOfRun(text, end, PEM)),
  },
]

/** Escapes, behind which a token may begin, and a part of what each other shape has. */
const OF_SHAPES =
  /%[\da-f]{2}|\\[nrt]|:\\*\/|@|bearer|basic|negotiate|ntlm|gAAAA|eyJ|PRIVATE KEY|\/tokens\/|[?&]key=/i

/**
 * Parts of which every shape has one. They are apart because one expression of all of them takes three times
 * as long.
 */
export const SHAPE_STEMS: readonly RegExp[] = [
  OF_SHAPES,
  new RegExp(`${WEBHOOK_STEM.source}|${COMMAND_STEM.source}`, 'i'),
  TOKEN_STEM,
]

/**
 * Replaces what is a secret by its form: passwords in addresses, paths of webhooks, bearer and basic
 * credentials, Fernet and JSON Web Tokens, private keys. The time is proportional to the text.
 *
 * @example
 * maskShapes('amqp://me:abc@mq1/') // 'amqp://me:***@mq1/'
 */
export function maskShapes(text: string): string {
  if (!SHAPE_STEMS.some((stem) => stem.test(text))) return text
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

/** Masks passwords of one or several accounts in an address, and the path of a webhook. */
function addressAt(text: string, start: number): Part | number {
  const end = endOfOddAccount(text, start, endOfAddress(text, start))
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

function endOfToken(text: string, start: number): number {
  let end = endOfRun(text, start, BASE64)
  while (end > start && text[end - 1] === '.') end--
  return end
}

/** Words before an address of mail, which is no password of an account of that name: `user:me@example.com/`. */
const LABEL =
  /^(?:user(?:_?name)?|e?-?mail(?:to)?|from|to|cc|bcc|reply-to|owner|author|contact|sender|recipient|xmpp|jid|sip|acct|by)$/i

function isMailOfLabel(text: string, start: number, end: number): boolean {
  const [label = '', local = ''] = text.slice(start, end - 1).split(/:(.*)/s)
  return (
    LABEL.test(label) &&
    /^[a-z][a-z.]+$/i.test(local) &&
    /^(?:[a-z][\w-]*\.)+[a-z]{2,}\//i.test(text.slice(end, end + 100))
  )
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

/**
 * Masks the password of the account in a percent-encoded address, `amqp%3A%2F%2Fuser%3Apassword%40host`, and
 * the path of a webhook.
 */
function encodedAddressAt(text: string, start: number): Part | number {
  // No account is longer, and what follows may hold many addresses.
  const near = text.slice(start, start + 1_024)
  const address = near.slice(0, endOfRun(near, 0, ENCODED))
  const authority = address.split(/%(?:25)*(?:2f|3f)/i, 1)[0] ?? ''
  const account = /^((?:[^%]|%(?!(?:25)*3a))*%(?:25)*3a)(.+)%(?:25)*40/i.exec(authority)
  if (!account) return encodedPathAt(text, start, address) ?? start + authority.length
  const [, user = '', password = ''] = account
  return hidden(start + user.length, start + user.length + password.length)
}

function encodedPathAt(text: string, start: number, address: string): Part | undefined {
  if (!/hook|enqueue|key/i.test(address) || !isWebhook(address.replace(ENCODED_SLASH, '/'))) return undefined
  const slash = new RegExp(ENCODED_SLASH)
  if (!slash.test(address)) return undefined
  const path = start + slash.lastIndex
  return hidden(path, endOfEncoded(text, path))
}

import { endOfEncoded } from './encoded-value.ts'
import { endOfAddress } from './masked-address.ts'
import type { Shape } from './shape.ts'
import { hidden } from './value-parts.ts'

/** A slash, also one that is escaped or percent-encoded. */
const SLASH = '(?:\\\\{0,9}/|%(?:25){0,3}2f)'
const LABEL = '[\\w-]{1,63}'

/** What stands before the secret part of a path that lets in whoever knows it, without a scheme as well. */
const BEGINS: readonly string[] = [
  // `hooks.slack.com/…`, `webhook.site/…`
  `(?<![\\w-])(?:hooks?|webhook[\\w-]{0,20})(?:\\.${LABEL}){1,4}${SLASH}(?=[\\w-])`,
  // `host.example/api/webhook/…`
  `\\.[a-z]{2,24}(?::\\d{1,5})?${SLASH}(?:[\\w-]{1,32}${SLASH}){0,4}(?:[\\w-]{0,20}web-?hooks?\\w{0,2}${SLASH}(?=[\\w-])|hooks?${SLASH}(?=\\w{16}))`,
  // Slack
  `${SLASH}services${SLASH}(?=T\\w{1,20}${SLASH}B\\w)`,
  // Discord
  `${SLASH}api${SLASH}(?:v\\d{1,2}${SLASH})?webhooks${SLASH}(?=\\d)`,
  // Telegram
  `(?:${SLASH}|\\b)bot\\d{5,12}(?::|%(?:25){0,3}3a)(?=[\\w-]{20})`,
]

/** A part of what every path of a webhook has. */
export const WEBHOOK_STEM = /hooks?(?:[./\\%]|b2)|services(?:\\*\/|%)|bot\d{5}/i

/** Paths of webhooks in addresses without a scheme, with slashes that are escaped or percent-encoded. */
export const WEBHOOK: Shape = {
  begin: new RegExp(BEGINS.join('|'), 'gi'),
  partAt: (text, end, start) => {
    const isEncoded = /%(?:25){0,3}2f/i.test(text.slice(start, end))
    return hidden(end, isEncoded ? endOfEncoded(text, end) : endOfAddress(text, end))
  },
}

import { html } from './lib/lit-html/lit-html.js'
import { param } from './router.js'

/** Characters that cannot be seen or that change the direction of what follows. */
const HIDDEN = /[\p{Cc}\p{Cs}\p{Bidi_Control}\u2028\u2029\u200b\u2060-\u2064\ufeff\ufff9-\ufffb]/gu
/** The same without line feeds and tabs. */
const HIDDEN_IN_LINES =
  /(?![\n\t])[\p{Cc}\p{Cs}\p{Bidi_Control}\u2028\u2029\u200b\u2060-\u2064\ufeff\ufff9-\ufffb]/gu

const escaped = (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`

/** Returns a text on one line: what is hidden is written out, and a long text is cut. */
export function line(text, most = 200) {
  const whole = String(text ?? '')
  const cut = whole.length > most ? `${whole.slice(0, most)} … (${count(whole.length)} characters)` : whole
  return cut.replace(HIDDEN, escaped)
}

/** Returns a text with its lines, what is hidden written out, and cut. */
export function lines(text, most = 50_000) {
  const whole = String(text ?? '')
  const cut = whole.length > most ? `${whole.slice(0, most)}\n… (${count(whole.length)} characters)` : whole
  return cut.replace(HIDDEN_IN_LINES, escaped)
}

/** Returns a text in which what was searched for is highlighted, in a direction of its own. */
export function marked(text, { most = 200 } = {}) {
  const shown = line(text, most)
  const wanted = param('q')
    .replace(/^[\w.]+:(?=.)/, '')
    .trim()
    .toLowerCase()
  if (wanted.length < 2) return html`<bdi>${shown}</bdi>`
  const parts = []
  let from = 0
  const folded = shown.toLowerCase()
  for (let at = folded.indexOf(wanted); at >= 0; at = folded.indexOf(wanted, from)) {
    parts.push(shown.slice(from, at), html`<mark>${shown.slice(at, at + wanted.length)}</mark>`)
    from = at + wanted.length
  }
  return html`<bdi>${parts}${shown.slice(from)}</bdi>`
}

/** Returns a number with its digits in groups. */
export function count(number) {
  return number === null || number === undefined ? '–' : Number(number).toLocaleString('en-GB')
}

/** Returns a number with few digits: 0.25, 12.3, 4,120. */
export function figure(number) {
  if (number === null || number === undefined || Number.isNaN(number)) return '–'
  const digits = Math.abs(number) >= 100 ? 0 : Math.abs(number) >= 10 ? 1 : 2
  return Number(number.toFixed(digits)).toLocaleString('en-GB')
}

/** Returns a plain text of a value of the REST form. */
export function plain(value) {
  if (value === null || value === undefined) return ''
  if (typeof value !== 'object') return String(value)
  if (value.__type__ === 'datetime') return clock(value.datetime)
  if (value.__type__ === 'timex.TimeRange') return `${clock(value.begin)} to ${clock(value.end)}`
  return JSON.stringify(value)
}

/** Whether times are those of this browser; UTC unless the address says so. */
export function isLocal() {
  return param('zone') === 'local'
}

/** The name of the time zone that times are in. */
export function zoneName() {
  return isLocal() ? Intl.DateTimeFormat().resolvedOptions().timeZone || 'local time' : 'UTC'
}

/** Returns the time of an ISO text without a zone, which is UTC, in ms since the epoch. */
export function millis(iso) {
  return Date.parse(`${iso}Z`)
}

/** Returns a time, an ISO text in UTC or seconds since the epoch, in the zone of the page. */
export function clock(time, { seconds = true } = {}) {
  if (time === null || time === undefined || time === '') return ''
  const ms = typeof time === 'number' ? time * 1000 : millis(time)
  if (Number.isNaN(ms)) return String(time)
  const shift = isLocal() ? new Date(ms).getTimezoneOffset() * 60_000 : 0
  return new Date(ms - shift)
    .toISOString()
    .slice(0, seconds ? 19 : 16)
    .replace('T', ' ')
}

const UNITS = [
  [86_400, 'd'],
  [3600, 'h'],
  [60, 'min'],
  [1, 's'],
]

/** Returns seconds in the unit of which there is one: `3 h`, `250 ms`. */
export function span(seconds) {
  if (seconds === null || seconds === undefined || Number.isNaN(seconds)) return '–'
  if (seconds > 0 && seconds < 1) return `${Math.round(seconds * 1000)} ms`
  const [size, unit] = UNITS.find(([one]) => Math.abs(seconds) >= one) ?? [1, 's']
  const value = seconds / size
  return `${value < 10 && size > 1 ? Number(value.toFixed(1)) : Math.floor(value)} ${unit}`
}

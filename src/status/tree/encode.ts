import { goJsonText } from '../../text/go-json-text.ts'
import type { Status } from './entry.ts'
import { byBytes, byOwnFirst } from './keys.ts'

/** Returns a number as JavaScript writes it, negative zero with its sign. */
export function jsonNumber(value: number): string {
  return Object.is(value, -0) ? '-0' : String(value)
}

/**
 * Returns the text form: a line `KEY: VALUE` for each, those of the process itself first. A line break in a value is
 * written `\n` or `\r`, so that it cannot look like another key.
 */
export function textForm(statuses: readonly Status[]): string {
  return sorted(statuses, byOwnFirst)
    .map(({ key, value }) => `${key}: ${value.replace(/[\n\r]/g, (one) => (one === '\n' ? '\\n' : '\\r'))}\n`)
    .join('')
}

/**
 * Returns the JSON form: an object of key to value, age, ttl and, where it is known, since; indented by four spaces.
 */
export function jsonForm(statuses: readonly Status[]): string {
  const members = sorted(statuses, byBytes).map(({ key, ...status }) => {
    const lines = membersOf(status).map(([name, text]) => `        "${name}": ${text}`)
    return `    ${goJsonText(key)}: {\n${lines.join(',\n')}\n    }`
  })
  return members.length === 0 ? '{}' : `{\n${members.join(',\n')}\n}`
}

/** Returns the JSON form without blanks, each key below a name. */
export function compactForm(statuses: readonly Status[], name = ''): string {
  const before = name === '' ? '' : `${name}/`
  const members = sorted(statuses, byBytes).map(({ key, ...status }) => {
    const texts = membersOf(status).map(([member, text]) => `"${member}":${text}`)
    return `${goJsonText(before + key)}:{${texts.join(',')}}`
  })
  return `{${members.join(',')}}`
}

function membersOf({ value, age, ttl, since }: Omit<Status, 'key'>): readonly (readonly [string, string])[] {
  const known = [
    ['value', goJsonText(value)] as const,
    ['age', jsonNumber(age)] as const,
    ['ttl', jsonNumber(ttl)] as const,
  ]
  return since === undefined ? known : [...known, ['since', jsonNumber(since)]]
}

function sorted(statuses: readonly Status[], order: (a: string, b: string) => number): readonly Status[] {
  return statuses.toSorted((a, b) => order(a.key, b.key))
}

import { parseGoDuration } from './go-duration.ts'

/** Types of settings, by the names that lagermeister's help has for them. */
export type SettingType =
  | 'String'
  | 'Integer'
  | 'Unsigned Integer'
  | 'Duration'
  | 'True or False'
  | 'Comma-separated list of String'

/** A setting of a program: by option, environment variable and key of a YAML file. */
export type Setting<T> = {
  readonly type: SettingType
  /** text of the default; empty where it has none */
  readonly otherwise: string
  readonly isRequired: boolean
  readonly about: string
  /** Returns the value of a text; undefined where it is none. May throw StackTachError that says why it is none. */
  readonly parse: (text: string) => T | undefined
  /** what is expected of the text */
  readonly expected: string
  /** whether the value is a secret, which errors and logs must not show */
  readonly isSecret?: boolean
}

export type Settings = { readonly [key: string]: Setting<unknown> }
export type ValuesOf<S extends Settings> = {
  readonly [K in keyof S]: S[K] extends Setting<infer T> ? T : never
}

type Facts = { readonly otherwise?: string; readonly isRequired?: boolean; readonly isSecret?: boolean }

function setting<T>(
  type: SettingType,
  about: string,
  { otherwise = '', isRequired = false, isSecret = false }: Facts,
  expected: string,
  parse: (text: string) => T | undefined,
): Setting<T> {
  return { type, about, otherwise, isRequired, isSecret, expected, parse }
}

/** A text, which may be empty. */
export function text(about: string, facts: Facts = {}): Setting<string> {
  return setting('String', about, facts, 'a text', (value) => value)
}

/** A text of a form of its own, with what is expected of it. */
export function form<T>(
  about: string,
  facts: Facts,
  expected: string,
  parse: Setting<T>['parse'],
): Setting<T> {
  return setting('String', about, facts, expected, parse)
}

/** A whole number within bounds; the empty text is 0, and refused where that is out of them. */
export function whole(about: string, facts: Facts & { readonly min?: number; readonly max?: number } = {}) {
  const { min = 0, max = 2 ** 31 - 1 } = facts
  return setting<number>('Integer', about, facts, `a whole number from ${min} to ${max}`, (value) =>
    wholeOf(value, min, max),
  )
}

/** A whole number from 0 to 2^53; the empty text is 0. */
export function unsigned(about: string, facts: Facts = {}): Setting<number> {
  return setting('Unsigned Integer', about, facts, 'a whole number of at least 0', (value) =>
    wholeOf(value, 0, Number.MAX_SAFE_INTEGER),
  )
}

function wholeOf(value: string, min: number, max: number): number | undefined {
  const number = Number(value)
  return /^(?:[-+]?\d+)?$/.test(value) && number >= min && number <= max ? number : undefined
}

/** A duration, in ms; the empty text is `empty`. */
export function duration(about: string, facts: Facts = {}, empty = 0): Setting<number> {
  return setting(
    'Duration',
    about,
    facts,
    'a duration with its unit, such as 10s, 1m30s or 500ms',
    (value) => {
      if (value === '') return empty
      const ms = parseGoDuration(value)
      return ms === undefined || ms < 0 ? undefined : ms
    },
  )
}

/** A truth value as Go reads it; the empty text is `empty`. */
export function flag(about: string, facts: Facts = {}, empty = false): Setting<boolean> {
  return setting('True or False', about, facts, 'true or false', (value) => {
    if (value === '') return empty
    if (/^(?:1|t|T|TRUE|true|True)$/.test(value)) return true
    return /^(?:0|f|F|FALSE|false|False)$/.test(value) ? false : undefined
  })
}

/** A list of texts, which are not trimmed; the empty text is the empty list. `check` throws where one is unknown. */
export function list(
  about: string,
  facts: Facts = {},
  check: (texts: readonly string[]) => unknown = () => {},
): Setting<readonly string[]> {
  return setting('Comma-separated list of String', about, facts, 'texts with commas between', (value) => {
    const texts = value === '' ? [] : value.split(',')
    check(texts)
    return texts
  })
}

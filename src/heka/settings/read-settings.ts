import { ConfigError, formatPosition, type Position, StackTachError } from '../../domain/errors.ts'
import { kebabCase, snakeCase } from '../../text/letter-case.ts'
import { didYouMean } from '../../text/suggest.ts'
import type { Setting, Settings, ValuesOf } from './setting.ts'

/** Where settings come from; what is not there is undefined. Options go before environment, it before the file. */
export type SettingSources = {
  readonly options: { readonly [key: string]: string | undefined }
  readonly environment: { readonly [name: string]: string | undefined }
  readonly file?: SettingsFile | undefined
}

/** Values of a YAML file by key, and where keys and values stand in it. */
export type SettingsFile = {
  readonly values: { readonly [key: string]: unknown }
  readonly positionOf: (path: readonly [string]) => Position
  readonly keyPositionOf: (path: readonly [string]) => Position
}

/** A program's settings and the prefix of their environment variables. */
export type Program<S extends Settings> = { readonly prefix: string; readonly settings: S }

/** Returns the name of a setting in the environment without the prefix, such as `BIND_ADDRESS`. */
export function bareVariable(key: string): string {
  return snakeCase(key).toUpperCase()
}

/** Reads all settings of a program. Throws ConfigError with every fault. */
export function readSettings<S extends Settings>(
  { prefix, settings }: Program<S>,
  sources: SettingSources,
): ValuesOf<S> {
  const faults: string[] = unknownKeys(settings, sources.file)
  const values: { [key: string]: unknown } = {}
  for (const [key, one] of Object.entries(settings)) {
    const found = find(key, prefix, sources)
    if (found === undefined && one.isRequired) {
      faults.push(`required ${prefix}_${bareVariable(key)} is missing; set it, or give ${optionOf(key)}`)
      continue
    }
    const { text, place } = found ?? { text: one.otherwise, place: '' }
    const { value, fault } = parsed(one, text)
    values[key] = value
    if (fault !== undefined) faults.push(`${place}: ${fault}`)
  }
  if (faults.length > 0) throw new ConfigError(faults.join('\n'))
  return values as ValuesOf<S>
}

type Parsed = { readonly value?: unknown; readonly fault?: string }

/** Returns the value of a text, or what is wrong with it. */
function parsed(one: Setting<unknown>, text: string): Parsed {
  try {
    const value = one.parse(text)
    return value === undefined ? { fault: `expected ${one.expected}, found ${shown(one, text)}` } : { value }
  } catch (error) {
    if (error instanceof StackTachError) return { fault: error.message }
    throw error
  }
}

function shown({ isSecret }: Setting<unknown>, text: string): string {
  return isSecret ? 'another one' : JSON.stringify(text)
}

/** Returns the option of a setting, such as `--bind-address`. */
export function optionOf(key: string): string {
  return `--${kebabCase(key)}`
}

type Found = { readonly text: string; readonly place: string }

function find(
  key: string,
  prefix: string,
  { options, environment, file }: SettingSources,
): Found | undefined {
  const option = options[key]
  if (option !== undefined) return { text: option, place: optionOf(key) }
  for (const name of [`${prefix}_${bareVariable(key)}`, bareVariable(key)]) {
    const text = environment[name]
    if (text !== undefined) return { text, place: name }
  }
  const name = snakeCase(key)
  const value = file?.values[name]
  if (file === undefined || value === undefined || value === null) return undefined
  return {
    text: Array.isArray(value) ? value.join(',') : String(value),
    place: `${formatPosition(file.positionOf([name]))}: ${name}`,
  }
}

function unknownKeys(settings: Settings, file: SettingsFile | undefined): string[] {
  if (!file) return []
  const known = Object.keys(settings).map(snakeCase)
  return Object.keys(file.values)
    .filter((key) => !known.includes(key))
    .map((key) => {
      const place = formatPosition(file.keyPositionOf([key]))
      return `${place}: unknown key ${key}${didYouMean(key, known)}`
    })
}

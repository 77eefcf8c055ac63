import type { Position } from '../../domain/errors.ts'
import { booleanOf } from '../../text/address-parts.ts'
import type { SectionSchema } from '../../text/section-schema.ts'
import { didYouMean, suggest } from '../../text/suggest.ts'
import type { Findings } from '../checks/findings.ts'
import type { IniEntry, IniSection } from './ini-document.ts'
import type { Environment } from './interpolate.ts'
import { interpolate } from './interpolate.ts'

/**
 * Reads typed values from the sections of an INI file. Adds faults to the findings and takes the default
 * then.
 */
export class IniReader {
  readonly #file: string
  readonly #sections: ReadonlyMap<string, IniSection>
  readonly #environment: Environment
  readonly #findings: Findings

  /** `file` is the path of the INI file in findings. */
  constructor(
    file: string,
    sections: ReadonlyMap<string, IniSection>,
    environment: Environment,
    findings: Findings,
  ) {
    this.#file = file
    this.#sections = sections
    this.#environment = environment
    this.#findings = findings
  }

  has(section: string): boolean {
    return this.#sections.has(section)
  }

  /** Returns whether a section has the key with a value that is not empty. */
  isSet(section: string, key: string): boolean {
    return (this.#sections.get(section)?.entries.get(key)?.value ?? '') !== ''
  }

  text<T extends string | undefined = undefined>(section: string, key: string, fallback?: T): string | T {
    return this.#value(section, key)?.text ?? (fallback as T)
  }

  number<T extends number | undefined>(section: string, key: string, fallback: T, min = 0): number | T {
    const found = this.#value(section, key)
    if (found === undefined || found.text === '') return fallback
    const value = Number(found.text)
    if (Number.isFinite(value) && value >= min) return value
    this.#fault(
      section,
      key,
      found.entry,
      `expected a number of at least ${min}, found ${JSON.stringify(found.text)}`,
    )
    return fallback
  }

  /** Returns an integer. */
  integer<T extends number | undefined>(section: string, key: string, fallback: T, min = 0): number | T {
    const value = this.number(section, key, fallback, min)
    if (value === undefined || Number.isSafeInteger(value)) return value
    this.report(section, key, `${key}: expected a whole number, found ${value}`)
    return fallback
  }

  boolean<T extends boolean | undefined>(section: string, key: string, fallback: T): boolean | T {
    const found = this.#value(section, key)
    if (found === undefined || found.text === '') return fallback
    const value = booleanOf(found.text)
    if (value !== undefined) return value
    this.#fault(section, key, found.entry, `expected True or False, found ${JSON.stringify(found.text)}`)
    return fallback
  }

  /** Returns the values of a list, separated by commas or lines. */
  list(section: string, key: string): string[] {
    const text = this.text(section, key, '')
    return text
      .split(/[,\n]/)
      .map((part) => part.trim())
      .filter((part) => part !== '')
  }

  /**
   * Adds a finding at a key's value, at its section where the key is absent, or at the begin of the file where
   * the section is absent too.
   */
  report(section: string, key: string, message: string, severity: 'error' | 'warning' = 'error'): void {
    const position = this.positionOf(section, key)
    this.#findings.add({ severity, code: 'value', path: [section, key], message, position })
  }

  /** Returns the place of a key's value, of its section, or the begin of the file, where `report` puts it. */
  positionOf(section: string, key: string): Position {
    const found = this.#sections.get(section)
    const begin = { file: this.#file, line: 1, column: 1 }
    return found?.entries.get(key)?.position ?? found?.position ?? begin
  }

  /** Adds a warning for each key in the file that has no effect. */
  warnOfDeprecated(known: { readonly [section: string]: SectionSchema }): void {
    for (const [name, section] of this.#sections) {
      for (const [key, { deprecated }] of Object.entries(known[kindOf(name)] ?? {})) {
        if (!deprecated || !section.entries.has(key)) continue
        this.report(name, key, `${key}: is accepted and has no effect`, 'warning')
      }
    }
  }

  /** Returns the section from which a queue takes a key: `[name:queue]` if that has it, else `[name]`. */
  sectionWith(key: string, name: string, queue: string): string {
    const own = `${name}:${queue}`
    return this.#sections.get(own)?.entries.has(key) ? own : name
  }

  /** Returns the values of `[name]`, replaced by those of `[name:queue]`. */
  merged(name: string, queue: string): { [key: string]: string } {
    const keys = new Set([...this.keysOf(name), ...this.keysOf(`${name}:${queue}`)])
    return Object.fromEntries(
      [...keys].map((key) => [key, this.text(this.sectionWith(key, name, queue), key, '')]),
    )
  }

  keysOf(section: string): string[] {
    return [...(this.#sections.get(section)?.entries.keys() ?? [])]
  }

  /** Returns the names of the sections of these kinds: `[kind]` and `[kind:…]`. */
  sectionsOf(kinds: readonly string[]): string[] {
    return [...this.#sections.keys()].filter((name) => kinds.includes(kindOf(name)))
  }

  /**
   * Adds a finding for each unknown key and section. Does not check the keys of `free` sections. Those of the
   * kinds in `ofQueues` may have the name of a queue: `[KIND:QUEUE]`.
   */
  checkNames(
    known: { readonly [section: string]: SectionSchema },
    free: readonly string[],
    ofQueues: readonly string[],
  ): void {
    for (const [name, section] of this.#sections) {
      const kind = kindOf(name)
      if (free.includes(kind)) continue
      const queue = name.slice(kind.length)
      const sections = Object.keys(known).filter((one) => queue === '' || ofQueues.includes(one))
      const keys = sections.includes(kind) && Object.keys(known[kind] ?? {})
      if (!keys) {
        const named = suggest(kind, sections)
        const hint = named === undefined ? '' : `; did you mean "${named}${queue}"?`
        const message = `unknown section [${name}]${hint}`
        this.#findings.add({
          severity: 'error',
          code: 'unknown-section',
          path: [name],
          message,
          position: section.position,
        })
        continue
      }
      for (const [key, entry] of section.entries) {
        if (keys.includes(key)) continue
        const hint = didYouMean(key, keys) || elsewhere(key, known)
        const message = `unknown key ${JSON.stringify(key)} in [${name}]${hint}`
        this.#findings.error('unknown-key', [name, key], message, { ...entry.position, column: 1 })
      }
    }
  }

  #value(section: string, key: string): { text: string; entry: IniEntry } | undefined {
    const entry = this.#sections.get(section)?.entries.get(key)
    if (!entry) return undefined
    const text = interpolate(entry.value, this.#environment, (severity, message) =>
      this.report(section, key, `${key}: ${message}`, severity),
    )
    return { text, entry }
  }

  #fault(section: string, key: string, entry: IniEntry, message: string): void {
    this.#findings.error('value', [section, key], `${key}: ${message}`, entry.position)
  }
}

/** Returns the kind of a section: `consumer` for [consumer:QUEUE]. */
function kindOf(section: string): string {
  return section.split(':')[0] as string
}

/** Returns `; it is a key of [NAME]` for a key of one other section, else the empty text. */
function elsewhere(key: string, known: { readonly [section: string]: SectionSchema }): string {
  const [owner, ...others] = Object.entries(known).filter(([, schema]) => Object.hasOwn(schema, key))
  return owner && others.length === 0 ? `; it is a key of [${owner[0]}]` : ''
}

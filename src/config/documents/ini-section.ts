import type { KeySchema, SectionSchema, SectionValues } from '../../text/section-schema.ts'
import type { IniReader } from './ini-reader.ts'

/**
 * Reads the values of a section by its schema, with defaults. Adds faults to the reader's findings.
 * `sectionOf` returns the section from which a key is read. Does not read keys without effect.
 */
export function readSection<S extends SectionSchema>(
  ini: IniReader,
  schema: S,
  sectionOf: (key: string) => string,
): SectionValues<S> {
  const keys = Object.entries(schema).filter(([, { deprecated }]) => !deprecated)
  return Object.fromEntries(
    keys.map(([key, one]) => [key, readKey(ini, one, sectionWithValue(ini, key, one, sectionOf(key)), key)]),
  ) as SectionValues<S>
}

/**
 * Returns the section in which old files have the key, if only that one has a value, else the key's own
 * section.
 */
function sectionWithValue(ini: IniReader, key: string, { section }: KeySchema, own: string): string {
  return section !== undefined && !ini.isSet(own, key) && ini.isSet(section, key) ? section : own
}

function readKey(ini: IniReader, schema: KeySchema, section: string, key: string): unknown {
  const { type, default: fallback, minimum = 0 } = schema
  switch (type) {
    case 'array':
      return ini.list(section, key)
    case 'boolean':
      return ini.boolean(section, key, fallback as boolean | undefined)
    case 'number':
      return ini.number(section, key, fallback as number | undefined, minimum)
    case 'integer':
      return ini.integer(section, key, fallback as number | undefined, minimum)
    case 'string':
      return ini.text(section, key, fallback as string | undefined)
  }
}

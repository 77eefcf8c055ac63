import type { KeySchema, SectionSchema } from '../text/section-schema.ts'

/**
 * Writes a section of an INI file: each key with its description above it. Keys without a value stand behind a
 * semicolon, with their default.
 *
 * @example
 * commentedSection('shoebox', SHOEBOX_SCHEMA, { working_directory: 'archive' })
 */
export function commentedSection(
  name: string,
  schema: SectionSchema,
  values: { readonly [key: string]: string },
): string {
  const keys = Object.entries(schema).filter(([, { deprecated }]) => !deprecated)
  return [`[${name}]`, ...keys.flatMap(([key, of]) => commentedKey(key, of, values[key]))].join('\n')
}

function commentedKey(key: string, { description, default: usual }: KeySchema, value?: string): string[] {
  const about = `; ${description.replaceAll('`', '')}`
  return [about, value === undefined ? `; ${key} = ${usual ?? ''}`.trimEnd() : `${key} = ${value}`]
}

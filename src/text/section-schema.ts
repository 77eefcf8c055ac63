/** A key of a section of an INI file, in words of JSON Schema. */
export type KeySchema = {
  readonly type: 'string' | 'number' | 'integer' | 'boolean' | 'array'
  /** One sentence or less, with the unit, for the reference pages. */
  readonly description: string
  readonly default?: string | number | boolean
  /** Of numbers; 0 unless given. */
  readonly minimum?: number
  /** The section cannot be used without it. */
  readonly required?: true
  /** `path`: a file or folder, relative to the file that has the key. */
  readonly format?: 'path'
  /** Section of old files that has the key too. */
  readonly section?: string
  /** The key is accepted and has no effect. */
  readonly deprecated?: true
}

/** The keys of a section by name. A list (`array`) is written with commas. */
export type SectionSchema = { readonly [key: string]: KeySchema }

type ValueOf<T extends KeySchema['type']> = T extends 'boolean'
  ? boolean
  : T extends 'number' | 'integer'
    ? number
    : T extends 'array'
      ? readonly string[]
      : string

/** The values of a section: defaults applied, absent keys without one undefined, absent lists empty. */
export type SectionValues<S extends SectionSchema> = {
  readonly [K in keyof S]: S[K] extends { readonly default: unknown } | { readonly type: 'array' }
    ? ValueOf<S[K]['type']>
    : ValueOf<S[K]['type']> | undefined
}

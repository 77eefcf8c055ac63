import { access } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { ZodType } from 'zod'
import { ConfigError } from '../../domain/errors.ts'
import { checkShape } from '../checks/check-shape.ts'
import { salvageShape } from '../checks/salvage-shape.ts'
import { interpolateDocument } from '../documents/interpolate-document.ts'
import { readConfigText } from '../documents/read-config-text.ts'
import { type ConfigDocument, type DocumentPath, parseYamlDocument } from '../documents/yaml-document.ts'
import type { LoadContext } from './load-context.ts'

/** A YAML file of a configuration and its value. */
export type ConfigFile<T> = { readonly document: ConfigDocument; readonly value: T }

type Shared = Pick<LoadContext, 'environment' | 'findings'>

/**
 * Reads a YAML file and checks its shape. Resolves to its usable entries, or undefined when there are none. Adds
 * faults to the findings. `required` replaces required entries that are missing. Rejects with ConfigError for a
 * file that cannot be read.
 */
export async function readConfigFile<T>(
  file: string,
  schema: ZodType<T>,
  { environment, findings }: Shared,
  required?: object,
): Promise<ConfigFile<T> | undefined> {
  try {
    const text = await readConfigText(file)
    const document = parseYamlDocument(text, file)
    findings.warnOfRepeatedKeys(document)
    const raw = interpolateDocument(document, environment, findings)
    const value = checkShape(document, raw, schema, findings)
    return value === undefined ? salvageShape(document, raw, schema, required) : { document, value }
  } catch (error) {
    if (!(error instanceof ConfigError) || error.findings.length === 0) throw error
    findings.addAll(error.findings)
    return undefined
  }
}

/** Finds the files that a winchester.yaml names, in several folders in order. */
export class NamedFiles {
  readonly #main: ConfigFile<unknown>
  readonly #folders: readonly string[]
  readonly #context: LoadContext

  constructor(main: ConfigFile<unknown>, folders: readonly string[], context: LoadContext) {
    this.#main = main
    this.#folders = folders
    this.#context = context
  }

  /**
   * Parses the file that `path` of winchester.yaml names. Resolves to undefined when it is missing or faulty.
   */
  async parse<T>(path: DocumentPath, name: string, schema: ZodType<T>): Promise<ConfigFile<T> | undefined> {
    for (const folder of this.#folders) {
      const file = shortPath(resolve(folder, name))
      const found = await readConfigFile(file, schema, this.#context).catch(missing)
      if (found !== 'missing') return found
    }
    this.#missing(path, name)
    return undefined
  }

  /** Returns the path of a file or folder. Returns undefined, and adds a finding, when it is missing. */
  async find(path: DocumentPath, name: string): Promise<string | undefined> {
    const found = name && (await firstThere(this.#folders.map((folder) => resolve(folder, name))))
    if (found) return shortPath(found)
    this.#missing(path, name)
    return undefined
  }

  #missing(path: DocumentPath, name: string): void {
    const message = `${path[0]}: ${name} is not in ${[...new Set(this.#folders)].join(' or ')}`
    this.#context.findings.error('missing-file', path, message, this.#main.document.positionOf(path))
  }
}

/** Returns `missing` for the error of a file that cannot be read, and throws any other. */
function missing(error: unknown): 'missing' {
  if (error instanceof ConfigError) return 'missing'
  throw error
}

/** Returns the first of the paths at which a file or folder exists. */
async function firstThere(paths: readonly string[]): Promise<string | undefined> {
  for (const path of paths) {
    const isThere = await access(path).then(
      () => true,
      () => false,
    )
    if (isThere) return path
  }
  return undefined
}

/** Returns a path for messages, relative to the working directory where possible. */
function shortPath(path: string): string {
  const here = `${process.cwd()}/`
  return path.startsWith(here) ? path.slice(here.length) : path
}

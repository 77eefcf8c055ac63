import { readdir, stat } from 'node:fs/promises'
import { dirname, isAbsolute, join, resolve } from 'node:path'
import { z } from 'zod'
import type { EventDefinitionConfig } from '../../distiller/definition-config.ts'
import { ConfigError, type Position } from '../../domain/errors.ts'
import type { Report } from '../../domain/report.ts'
import { checkShape } from '../checks/check-shape.ts'
import type { Findings } from '../checks/findings.ts'
import type { Environment } from '../documents/interpolate.ts'
import { interpolateDocument } from '../documents/interpolate-document.ts'
import { readConfigText } from '../documents/read-config-text.ts'
import { type ConfigDocument, type DocumentPath, parseYamlDocument } from '../documents/yaml-document.ts'
import { eventDefinitionSchema, includeSchema } from '../schemas/event-definitions-schema.ts'

type Entry = {
  readonly config: EventDefinitionConfig
  readonly document: ConfigDocument
  /** the index of the entry in its document */
  readonly index: number
}

/** The definitions of one or several files, in order. */
export type DefinitionFiles = {
  readonly configs: readonly EventDefinitionConfig[]
  /** names of all traits, those of faulty definitions included; undefined where a file could not be read */
  readonly traitNames: ReadonlySet<string> | undefined
  /**
   * Returns the position of a definition or of a key in it. The path begins with the index among all
   * definitions.
   */
  positionOf(path: DocumentPath): Position
  /** adds a finding about a definition; its path begins with the index among all definitions */
  readonly report: Report
}

/**
 * Reads files of event definitions, or folders of them (*.yaml in order of name), and the files that they
 * include, by paths relative to the including file. Leaves out faulty entries and adds the reasons to the
 * findings. Rejects with ConfigError for a path that cannot be read.
 */
export async function readDefinitionFiles(
  paths: readonly string[],
  environment: Environment,
  findings: Findings,
): Promise<DefinitionFiles> {
  const reader = new Reader(environment, findings)
  for (const path of paths) await reader.read(path, [])
  const { entries } = reader
  const placeOf = ([index, ...rest]: DocumentPath) => {
    const entry = entries[index as number] as Entry
    return { document: entry.document, path: [entry.index, ...rest] }
  }
  return {
    configs: entries.map(({ config }) => config),
    traitNames: reader.isComplete ? reader.traitNames : undefined,
    positionOf(path) {
      const place = placeOf(path)
      return place.document.keyPositionOf(place.path)
    },
    report({ severity, code, path, message }) {
      const place = placeOf(path)
      const position = place.document.positionOf(place.path)
      findings.add({ severity, code, path: place.path, message, position })
    },
  }
}

class Reader {
  readonly entries: Entry[] = []
  readonly traitNames = new Set<string>()
  isComplete = true
  readonly #environment: Environment
  readonly #findings: Findings

  constructor(environment: Environment, findings: Findings) {
    this.#environment = environment
    this.#findings = findings
  }

  /** Reads a file or folder. `chain` has the absolute paths of the including files. */
  async read(path: string, chain: readonly string[]): Promise<void> {
    for (const file of await filesAt(path)) await this.#readFile(file, [...chain, resolve(file)])
  }

  async #readFile(file: string, chain: readonly string[]): Promise<void> {
    const document = await this.#parse(file)
    if (!document) return
    this.#findings.warnOfRepeatedKeys(document)
    const raw = interpolateDocument(document, this.#environment, this.#findings)
    const items = checkShape(document, raw, z.array(z.unknown()), this.#findings)
    if (!items) this.isComplete = false
    for (const [index, item] of (items ?? []).entries()) {
      if (isInclude(item)) await this.#include({ document, index, item, file, chain })
      else this.#define({ document, index, item })
    }
  }

  async #parse(file: string): Promise<ConfigDocument | undefined> {
    try {
      return parseYamlDocument(await readConfigText(file), file)
    } catch (error) {
      if (!(error instanceof ConfigError) || error.findings.length === 0) throw error
      this.#findings.addAll(error.findings)
      this.isComplete = false
      return undefined
    }
  }

  #define({ document, index, item }: Item): void {
    const { traits } = (item ?? {}) as { traits?: unknown }
    for (const name of Object.keys((traits ?? {}) as object)) this.traitNames.add(name)
    const config = checkShape(document, item, eventDefinitionSchema, this.#findings, [index])
    if (config) this.entries.push({ config, document, index })
  }

  async #include({ document, index, item, file, chain }: IncludeItem): Promise<void> {
    const include = checkShape(document, item, includeSchema, this.#findings, [index])?.include
    if (include === undefined) return
    const path = [index, 'include']
    const fault = (code: string, message: string) =>
      this.#findings.error(code, path, `include: ${message}`, document.positionOf(path))
    try {
      const files = await filesAt(isAbsolute(include) ? include : join(dirname(file), include))
      const again = files.find((one) => chain.includes(resolve(one)))
      if (again === undefined) for (const one of files) await this.#readFile(one, [...chain, resolve(one)])
      else fault('include-cycle', `${include} leads back to ${again}, which is being read already`)
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error
      this.isComplete = false
      fault('missing-file', error.message)
    }
  }
}

type Item = { readonly document: ConfigDocument; readonly index: number; readonly item: unknown }
type IncludeItem = Item & { readonly file: string; readonly chain: readonly string[] }

function isInclude(item: unknown): boolean {
  return typeof item === 'object' && item !== null && 'include' in item
}

/** Returns the file itself, or all *.yaml of a folder in order of name. Rejects with ConfigError. */
async function filesAt(path: string): Promise<readonly string[]> {
  const isFolder = await stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  )
  if (!isFolder) return [path]
  const names = (await readdir(path)).filter((name) => name.endsWith('.yaml')).sort()
  if (names.length === 0) throw new ConfigError(`the folder ${path} has no *.yaml`)
  return names.map((name) => join(path, name))
}

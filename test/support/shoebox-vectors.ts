import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'

/** A record that the original wrote. */
export type VectorRecord = {
  readonly metadata: { readonly [name: string]: string }
  readonly payload: string
}

type Manifest = {
  readonly records: readonly VectorRecord[]
  readonly archives: readonly {
    readonly file: string
    readonly records: readonly number[]
    readonly sha256: string
  }[]
  readonly json_archives: readonly {
    readonly file: string
    readonly sha256_of_content: string
    readonly lines: readonly string[]
  }[]
}

const FOLDER = resolve(import.meta.dirname, '../fixtures/vectors/shoebox')

export function vectorFile(name: string): string {
  return join(FOLDER, name)
}

/** What the original's archives hold. */
export const SHOEBOX_VECTORS: Manifest = JSON.parse(readFileSync(vectorFile('manifest.json'), 'utf8'))

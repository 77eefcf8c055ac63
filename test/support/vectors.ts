import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** The recorded answers of the original libraries; what differs on purpose stands in their README. */
export function loadVectors<T>(name: string): T {
  return JSON.parse(readFileSync(vectorFile(name), 'utf8'))
}

export function vectorFile(name: string): string {
  return fileURLToPath(new URL(`../fixtures/vectors/${name}`, import.meta.url))
}

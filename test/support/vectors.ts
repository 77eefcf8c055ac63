import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** Loads the recorded results of the original libraries; intended differences are listed in their README. */
export function loadVectors<T>(name: string): T {
  return JSON.parse(readFileSync(vectorFile(name), 'utf8'))
}

export function vectorFile(name: string): string {
  return fileURLToPath(new URL(`../fixtures/vectors/${name}`, import.meta.url))
}

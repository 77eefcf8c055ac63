import { readFileSync } from 'node:fs'

/** The recorded answers of the original libraries; what differs on purpose stands in their README. */
export function loadVectors<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(`../fixtures/vectors/${name}`, import.meta.url), 'utf8'))
}

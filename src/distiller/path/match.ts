import type { JsonValue } from '../../domain/notification.ts'

/** A value that a path found, with the matches that lead to it. */
export type Match = {
  readonly value: JsonValue
  readonly parent: Match | undefined
  /** the name or index in the parent's value; undefined for the whole document and for computed values */
  readonly key: string | number | undefined
}

/** Returns the steps to a match in the notation of the original: `payload.nics.[0].label`. */
export function fullPath(match: Match): string {
  const steps: string[] = []
  for (let at: Match | undefined = match; at; at = at.parent) {
    if (at.key !== undefined) steps.push(typeof at.key === 'number' ? `[${at.key}]` : at.key)
  }
  return steps.reverse().join('.')
}

const PLAIN_NAME = /^[A-Za-z_][\w-]*$/

/** Returns the steps to a match as a field path that finds it again: `payload.nics[0].'my label'`. */
export function readablePath(match: Match): string {
  const steps: string[] = []
  for (let at: Match | undefined = match; at; at = at.parent) {
    if (typeof at.key === 'number') steps.push(`[${at.key}]`)
    else if (at.key !== undefined) steps.push(`.${quotedName(at.key)}`)
  }
  return steps.reverse().join('').replace(/^\./, '')
}

function quotedName(name: string): string {
  if (PLAIN_NAME.test(name) && name !== 'where') return name
  return `'${name.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
}

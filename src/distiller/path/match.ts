import type { JsonValue } from '../../domain/notification.ts'

/** A value that a path found, and how it was come to. */
export type Match = {
  readonly value: JsonValue
  readonly parent: Match | undefined
  /** of the parent's value; undefined for the whole document and for what a function made */
  readonly key: string | number | undefined
}

/** The steps to a match: `payload.nics.[0].label`. */
export function fullPath(match: Match): string {
  const steps: string[] = []
  for (let at: Match | undefined = match; at; at = at.parent) {
    if (at.key !== undefined) steps.push(typeof at.key === 'number' ? `[${at.key}]` : at.key)
  }
  return steps.reverse().join('.')
}

const PLAIN_NAME = /^[A-Za-z_][\w-]*$/

/** The same as a field path, which finds the match again: `payload.nics[0].'my label'`. */
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

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

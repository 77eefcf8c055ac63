/** The number of a group of a regular expression; 0 is the whole match. */
export type Selector = number

/** Parses `$N`; returns undefined for any other text. */
export function parseSelector(text: string): Selector | undefined {
  const match = /^\$(\d{1,4})$/.exec(text)
  return match ? Number(match[1]) : undefined
}

/** Returns the number of groups of a regular expression. */
export function countGroups(regex: RegExp): number {
  // The empty alternative always matches, and has all groups.
  return (new RegExp(`${regex.source}|`).exec('') as RegExpExecArray).length - 1
}

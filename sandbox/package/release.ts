/** What is packaged: a version, of a commit, which was made at a time in seconds since the epoch. */
export type Release = { readonly version: string; readonly commit: string; readonly seconds: number }

/** Returns the day of a release, such as 2026-01-31. */
export function dayOf({ seconds }: Release): string {
  return isoOf(seconds).slice(0, 10)
}

/** Returns a time as ISO 8601 text, such as 2026-01-31T18:00:00.000Z. */
export function isoOf(seconds: number): string {
  return new Date(seconds * 1000).toISOString()
}

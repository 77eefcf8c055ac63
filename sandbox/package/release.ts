/** What is packaged: a version, of a commit, which was made at a time in seconds since the epoch. */
export type Release = { readonly version: string; readonly commit: string; readonly seconds: number }

/** Returns the day of a release, such as 2026-01-31. */
export function dayOf({ seconds }: Release): string {
  return new Date(seconds * 1000).toISOString().slice(0, 10)
}

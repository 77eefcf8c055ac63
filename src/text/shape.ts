import type { Part } from './text-parts.ts'

/** What comes before a secret that is known by its form, and how to find its part of the text. */
export type Shape = {
  readonly begin: RegExp
  /** Returns the part to replace for a match from `start` to `end`, or the index at which to go on. */
  partAt(text: string, end: number, start: number): Part | number
}

/** Selects texts: those that are equal to a text or match it as a glob, or all others. */
export type TextPattern = {
  readonly text: string
  /** whether `*` in the text stands for any characters and `?` for one; brackets stand for themselves */
  readonly isGlob: boolean
  /** whether all other texts are selected */
  readonly isNegated: boolean
}

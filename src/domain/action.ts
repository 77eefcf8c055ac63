/** What an operator may do to many streams at once. */
export const STREAM_VERBS = ['reset', 'retry', 'delete', 'expire-now', 'fire-now'] as const
/** What an operator may do to many dead letters at once. */
export const LETTER_VERBS = ['retry', 'drop'] as const

export type StreamVerb = (typeof STREAM_VERBS)[number]
export type LetterVerb = (typeof LETTER_VERBS)[number]

/**
 * States of a bulk action. `listing`: its items are being chosen, and nothing is changed yet. `interrupted`: its
 * process ended meanwhile, so that nothing was changed at all.
 */
export const ACTION_STATES = ['listing', 'running', 'done', 'cancelled', 'interrupted'] as const
export type ActionState = (typeof ACTION_STATES)[number]

/**
 * What became of one item of an action. `waiting`: not looked at yet; `begun`: under way; `running`: done to a stream
 * whose pipeline has not come to its end since; `failed`: not possible, or the pipeline failed again.
 */
export const OUTCOMES = ['waiting', 'begun', 'running', 'done', 'failed'] as const
export type Outcome = (typeof OUTCOMES)[number]

/** What an action does, to what. */
export type ActionKind =
  | { readonly target: 'streams'; readonly verb: StreamVerb }
  | { readonly target: 'dead-letters'; readonly verb: LetterVerb }

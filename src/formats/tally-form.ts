/** Notifications that no event definition matches, of one queue and type, as the API shows them. */
export type RestDropped = {
  readonly queue: string
  readonly event_type: string
  readonly count: number
  /** ISO 8601 in UTC */
  readonly first_at: string
  readonly last_at: string
}

/** The criteria of a trigger, each on one line. */
export type CriteriaTexts = {
  readonly match: readonly string[]
  readonly fire: readonly string[]
  readonly expiration: string
}

/** A trigger with its counters, as the API shows it. */
export type RestTrigger = {
  readonly name: string
  readonly is_configured: boolean
  readonly distinguished_by: readonly string[]
  /** null where the API's configuration does not have the trigger */
  readonly criteria: CriteriaTexts | null
  readonly fire_pipeline: string | null
  readonly expire_pipeline: string | null
  readonly matched: number
  readonly mismatched: number
  readonly mismatches: readonly {
    readonly reason: string
    readonly count: number
    readonly last_at: string
  }[]
  readonly misplaced: number
  readonly streams: { readonly [state: string]: number }
  readonly ready: number
  readonly fired: number
  readonly expired: number
  readonly failed: number
  readonly mean_seconds_to_fire: number | null
}

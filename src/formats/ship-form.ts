/** A host that ships its files, as `GET /v1/ship` has it. Times are ISO 8601 in UTC. */
export type RestShipHost = {
  readonly host: string
  readonly connected: boolean
  readonly last_contact: string | null
  /** since its agent started */
  readonly shipped_files: number
  readonly shipped_bytes: number
  readonly deleted_files: number
  readonly deleted_bytes: number
  /** due, and not shipped or deleted yet */
  readonly pending_files: number
  readonly pending_bytes: number
  /** the file that is due for longest, and what hinders it; `due_at` is null where that is not known, as without a date */
  readonly oldest: { readonly path: string; readonly due_at: string | null; readonly error: string } | null
  /** files by what hinders them */
  readonly errors: { readonly [kind: string]: number }
  /** what hinders the agent itself */
  readonly hindrance: string | null
}

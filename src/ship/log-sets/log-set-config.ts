/** A log set as its file has it: the keys of hermes' logsets.json, then those that were added to them. */
export type LogSetConfig = {
  readonly name: string
  readonly search_dirs: readonly string[]
  readonly search_dirs_pattern?: string | undefined
  readonly regex: string
  readonly manta_path: string
  /** in seconds; null and 0 stand for the default */
  readonly debounce_time?: number | null | undefined
  /** in seconds */
  readonly retain_time?: number | null | undefined
  readonly no_upload?: boolean | null | undefined
  readonly zones: readonly string[]
  readonly date_string?: { readonly [field: string]: string } | null | undefined
  readonly date_adjustment?: string | null | undefined
  readonly customer_uuid?: string | null | undefined
  /** globs of the names of the hosts that it applies to */
  readonly hosts?: readonly string[] | undefined
  readonly compress?: 'gzip' | 'zstd' | undefined
  /** name of the key to encrypt with */
  readonly encrypt?: string | undefined
  /** name of the target to ship to */
  readonly target?: string | undefined
  /** folder in which the paths of a zone begin; `%z` is the zone */
  readonly root?: string | undefined
  /** seconds for which a file may be due and not shipped */
  readonly alert_after?: number | undefined
}

/** Seconds without a change after which a file is shipped, where a log set has no other. */
export const DEFAULT_DEBOUNCE_S = 600

/** The zone and the role of the host itself. */
export const GLOBAL = 'global'

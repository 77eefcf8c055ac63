import type { LogSetConfig } from './log-set-config.ts'
import type { NameDate } from './name-date.ts'
import type { Selector } from './selector.ts'
import type { TemplatePart } from './template.ts'

/** A log set that was compiled: nothing in it can fail any more but for the names of files. */
export type LogSet = {
  readonly name: string
  /** what it was compiled from */
  readonly definition: LogSetConfig
  readonly searchDirs: readonly string[]
  /** a shell glob of further folders */
  readonly searchPattern: string | undefined
  readonly regex: RegExp
  readonly template: readonly TemplatePart[]
  readonly debounceMs: number
  readonly retainMs: number
  /** whether files are uploaded before they are deleted */
  readonly isUploaded: boolean
  /** the roles that it applies to; `global` is the host */
  readonly zones: readonly string[]
  /** the names of the hosts that it applies to; undefined for all */
  readonly hosts: readonly ((node: string) => boolean)[] | undefined
  readonly date: NameDate | undefined
  /** what is added to the date in the target */
  readonly adjustMs: number
  /** the group with the uuid of the customer */
  readonly customer: Selector | undefined
  readonly compress: 'gzip' | 'zstd' | undefined
  /** the name of the key that files are encrypted with */
  readonly encrypt: string | undefined
  /** what that adds to targets: `.gz`, `.zst.enc` … */
  readonly suffix: string
  /** the name of the target; undefined where the only one is meant */
  readonly target: string | undefined
  /** the folder in which the paths of a zone begin, with `%z` for the zone */
  readonly root: string | undefined
  /** for how long a file may be due and not shipped before the agent counts as unready */
  readonly alertAfterMs: number | undefined
}

/** Where a file lies: on the host or in one of its zones. */
export type Place = {
  /** undefined where the configuration does not say it, as that of a mere list of log sets */
  readonly user: string | undefined
  readonly datacenter: string | undefined
  /** the host's id, or the zone's for a zone */
  readonly node: string
  /** the zone's id, or `global` */
  readonly zone: string
  readonly role: string
}

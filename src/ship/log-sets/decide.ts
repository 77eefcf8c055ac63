import { expandTarget } from './expand-target.ts'
import type { LogSet, Place } from './log-set.ts'
import { dateInName } from './name-date.ts'

/** What is known of a file. */
export type FileFacts = {
  /** the path, without the root of its zone */
  readonly path: string
  /** in milliseconds since the epoch; undefined where it is not known, and the file is taken as old */
  readonly mtime: number | undefined
  /** in bytes; undefined where it is not known, and the file is taken as not empty */
  readonly size: number | undefined
}

/**
 * What a log set makes of a file. `due`: to be shipped or deleted now. `no_date`, `no_customer` and `no_target`: its name
 * lacks what the log set needs, and it is neither shipped nor deleted.
 */
export type Verdict = 'no_match' | 'too_young' | 'due' | 'no_date' | 'no_customer' | 'no_target'

/** A decision about one file by one log set. Times are milliseconds since the epoch. */
export type Decision = {
  readonly verdict: Verdict
  readonly target?: string
  /** the date in its name */
  readonly date?: number
  readonly archiveAfter?: number
  readonly deleteAfter?: number
  /** whether the file is to be in the store before it may be deleted */
  readonly upload: boolean
  /** whether its retention is over */
  readonly isDeleteDue: boolean
  /** the uuid that was looked up for the customer */
  readonly customer?: string
  readonly error?: string
}

/** Returns the login of a customer's uuid; undefined when there is none. */
export type CustomerLookup = (uuid: string) => string | undefined

/**
 * Decides what a log set makes of a file at a time: in the order of hermes, regular expression, age, customer, target.
 * `login` is the customer of files whose log set has no customer_uuid.
 */
export function decide(
  set: LogSet,
  file: FileFacts,
  place: Place,
  now: number,
  customers: CustomerLookup,
  login?: string,
): Decision {
  const match = set.regex.exec(file.path)
  if (!match) return refused('no_match')
  const date = set.date && dateInName(set.date, match)
  if (set.date && date === undefined) return refused('no_date', 'no date in its name')
  const times = timesOf(set, file, date, now)
  const uuid = set.customer === undefined ? undefined : match[set.customer]
  const customer = uuid === undefined ? login : customers(uuid)
  const known = {
    ...times,
    upload: set.isUploaded && file.size !== 0,
    ...(uuid === undefined ? {} : { customer: uuid }),
  }
  const expanded = expandTarget(set, match, {
    ...place,
    customer,
    date: date === undefined ? undefined : date + set.adjustMs,
  })
  if (times.isYoung)
    return { ...known, verdict: 'too_young', ...('target' in expanded ? expanded : {}), isDeleteDue: false }
  if (set.customer !== undefined && customer === undefined)
    return { ...known, verdict: 'no_customer', isDeleteDue: false, error: customerFault(uuid) }
  if ('error' in expanded) return { ...known, verdict: 'no_target', isDeleteDue: false, ...expanded }
  return { ...known, verdict: 'due', ...expanded, isDeleteDue: times.isRetained === false }
}

function customerFault(uuid: string | undefined): string {
  return uuid === undefined
    ? 'this path has no part for the group of customer_uuid'
    : `no customer has the uuid ${JSON.stringify(uuid)}`
}

function refused(verdict: Verdict, error?: string): Decision {
  return { verdict, upload: false, isDeleteDue: false, ...(error === undefined ? {} : { error }) }
}

type Times = {
  readonly date?: number
  readonly archiveAfter?: number
  readonly deleteAfter?: number
  readonly isYoung: boolean
  readonly isRetained: boolean
}

function timesOf(set: LogSet, { mtime }: FileFacts, date: number | undefined, now: number): Times {
  const named = date === undefined ? {} : { date }
  if (mtime === undefined && date === undefined) return { isYoung: false, isRetained: false }
  const latest = Math.max(mtime ?? Number.NEGATIVE_INFINITY, date ?? Number.NEGATIVE_INFINITY)
  const archiveAfter = latest + set.debounceMs
  const deleteAfter = archiveAfter + set.retainMs
  return { ...named, archiveAfter, deleteAfter, isYoung: now < archiveAfter, isRetained: now < deleteAfter }
}

import { readFileSync } from 'node:fs'
import type { RestShipHost } from '../../formats/ship-form.ts'
import { writeWholeFile } from '../../runtime/write-whole-file.ts'
import type { HostReport } from './messages.ts'

/** What is known of a host. Times are milliseconds since the epoch. */
export type HostRecord = {
  readonly lastContactAt: number
  readonly report: HostReport | undefined
}

const MOST_ERROR_KINDS = 50
/** Longest text of a report that is kept, in characters. */
const LONGEST_TEXT = 2000
/** The latest time that a date can have. */
const LATEST_MS = 8.64e15

/** What agents have said of themselves last; kept in a file over restarts of the server. */
export class HostRecords {
  readonly #file: string | undefined
  readonly #now: () => number
  readonly #records: Map<string, HostRecord>
  #isChanged = false

  /** Reads what the file has; one that is missing or broken counts as empty, for agents tell all of it again. */
  constructor(file: string | undefined, now: () => number) {
    this.#file = file
    this.#now = now
    this.#records = new Map(Object.entries(readRecords(file)))
  }

  heard(host: string, report: HostReport | undefined): void {
    const before = this.#records.get(host)
    this.#records.set(host, { lastContactAt: this.#now(), report: checked(report) ?? before?.report })
    this.#isChanged = true
  }

  /** Returns all hosts, of which nothing may be known, in order of their names. */
  forms(names: readonly string[], connected: readonly string[]): RestShipHost[] {
    const links = new Set(connected)
    return [...names].sort().map((host) => {
      const { lastContactAt, report } = this.#records.get(host) ?? {}
      const { oldest, ...counts } = report ?? NOTHING
      return {
        host,
        connected: links.has(host),
        last_contact: timeOf(lastContactAt ?? null),
        ...counts,
        oldest: oldest && { ...oldest, due_at: timeOf(oldest.due_at) },
      }
    })
  }

  /** Writes what has changed since the last time. Rejects with the system's error. */
  async save(): Promise<void> {
    if (!this.#isChanged || this.#file === undefined) return
    this.#isChanged = false
    await writeWholeFile(this.#file, JSON.stringify(Object.fromEntries(this.#records)))
  }
}

function timeOf(at: number | null): string | null {
  return at === null ? null : new Date(at).toISOString()
}

const NOTHING: HostReport = {
  shipped_files: 0,
  shipped_bytes: 0,
  deleted_files: 0,
  deleted_bytes: 0,
  pending_files: 0,
  pending_bytes: 0,
  oldest: null,
  errors: {},
  hindrance: null,
}

function readRecords(file: string | undefined): { [host: string]: HostRecord } {
  try {
    return file === undefined ? {} : JSON.parse(readFileSync(file, 'utf8'))
  } catch {
    return {}
  }
}

/** Returns what is of the shape of a report in what an agent has sent. */
function checked(given: unknown): HostReport | undefined {
  if (!isRecord(given)) return undefined
  const counted = (key: string) => count(given[key])
  const errors = isRecord(given.errors) ? Object.entries(given.errors) : []
  return {
    shipped_files: counted('shipped_files'),
    shipped_bytes: counted('shipped_bytes'),
    deleted_files: counted('deleted_files'),
    deleted_bytes: counted('deleted_bytes'),
    pending_files: counted('pending_files'),
    pending_bytes: counted('pending_bytes'),
    oldest: checkedOldest(given.oldest),
    errors: Object.fromEntries(
      errors.slice(0, MOST_ERROR_KINDS).map(([kind, value]) => [text(kind), count(value)]),
    ),
    hindrance: typeof given.hindrance === 'string' ? text(given.hindrance) : null,
  }
}

function checkedOldest(given: unknown): HostReport['oldest'] {
  if (!isRecord(given)) return null
  const { path, due_at: at, error } = given
  // An agent of before says 0 where it does not know.
  const isKnown = typeof at === 'number' && at !== 0 && Math.abs(at) < LATEST_MS
  return { path: text(path), due_at: isKnown ? at : null, error: text(error) }
}

function isRecord(value: unknown): value is { readonly [key: string]: unknown } {
  return typeof value === 'object' && value !== null
}

function count(value: unknown): number {
  return Number.isSafeInteger(value) && Number(value) >= 0 ? Number(value) : 0
}

function text(value: unknown): string {
  return typeof value === 'string' ? value.slice(0, LONGEST_TEXT) : ''
}

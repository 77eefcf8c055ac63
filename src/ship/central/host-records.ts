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
    return [...names].sort().map((host) => {
      const { lastContactAt, report } = this.#records.get(host) ?? {}
      const { oldest, ...counts } = report ?? NOTHING
      return {
        host,
        connected: connected.includes(host),
        last_contact: lastContactAt === undefined ? null : new Date(lastContactAt).toISOString(),
        ...counts,
        oldest: oldest && { ...oldest, due_at: new Date(oldest.due_at).toISOString() },
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
  if (typeof given !== 'object' || given === null) return undefined
  const report = given as Partial<{ [key in keyof HostReport]: unknown }>
  const count = (value: unknown) => (Number.isSafeInteger(value) && Number(value) >= 0 ? Number(value) : 0)
  const text = (value: unknown) => (typeof value === 'string' ? value.slice(0, 2000) : '')
  const oldest = report.oldest as { path?: unknown; due_at?: unknown; error?: unknown } | null | undefined
  const isDated = typeof oldest === 'object' && oldest !== null && Math.abs(Number(oldest.due_at)) < 8.64e15
  return {
    shipped_files: count(report.shipped_files),
    shipped_bytes: count(report.shipped_bytes),
    deleted_files: count(report.deleted_files),
    deleted_bytes: count(report.deleted_bytes),
    pending_files: count(report.pending_files),
    pending_bytes: count(report.pending_bytes),
    oldest: isDated
      ? { path: text(oldest.path), due_at: Number(oldest.due_at), error: text(oldest.error) }
      : null,
    errors: Object.fromEntries(
      Object.entries(report.errors ?? {})
        .slice(0, MOST_ERROR_KINDS)
        .map(([kind, value]) => [text(kind), count(value)]),
    ),
    hindrance: typeof report.hindrance === 'string' ? text(report.hindrance) : null,
  }
}

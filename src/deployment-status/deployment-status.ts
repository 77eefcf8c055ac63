import type { Role } from '../assembly/observation.ts'
import type { ConnectionFinding } from '../connection-check/connection-finding.ts'
import type { StreamState } from '../domain/stream.ts'

/** State of one daemon at the address of its status. */
export type ProcessStatus = {
  /** HOST:PORT */
  readonly at: string
  /** undefined: nothing of this program answers there */
  readonly role: Role | undefined
  readonly name: string | undefined
  readonly version: string | undefined
  readonly uptimeS: number | undefined
  /** the event clock that is configured: auto, wall or time_sync */
  readonly clock: string | undefined
  /** ISO 8601 time of the newest event that a consumer has stored */
  readonly newestEvent: string | undefined
  /** `silent`: it does not answer; `unready`: it answers and cannot do its work */
  readonly state: 'ready' | 'unready' | 'silent'
  /** why it is not ready */
  readonly reason: string | undefined
  /** what hinders a part of its work */
  readonly remarks: readonly string[]
}

/** A queue, as the broker counts it. */
export type QueueStatus = {
  readonly name: string
  readonly exists: boolean
  readonly messages: number
  readonly consumers: number
}

/** The files of one archive on this machine. */
export type ArchiveStatus = {
  readonly folder: string
  /** why the folder cannot be read or written */
  readonly fault: string | undefined
  /** whether the fault is a missing right of this user only, which the daemons' user may have */
  readonly isDenied: boolean
  readonly files: number
  readonly bytes: number
  /** number of files that are not complete yet, or were never moved to the destination_folder */
  readonly unfinished: number
  /** ISO 8601 time of the last write to the oldest of them */
  readonly oldestUnfinished: string | undefined
}

/** The database, and what it holds; undefined parts could not be read. */
export type DatabaseStatus = {
  /** address without user and password */
  readonly name: string
  /** why it cannot be used */
  readonly fault: string | undefined
  /** name of the last migration */
  readonly schema: string | undefined
  /** ISO 8601 time of the newest event, and the seconds since then */
  readonly newestEvent: string | undefined
  readonly newestAgeS: number | undefined
  readonly streams: { readonly [state in StreamState]: number } | undefined
  readonly deadLetters: { readonly [stage: string]: number } | undefined
  readonly clock: ClockStatus | undefined
  /** the replay that has not ended, in a clause; undefined where there is none */
  readonly replay: { readonly text: string; readonly isRunning: boolean } | undefined
}

/** The event clock of a deployment. */
export type ClockStatus = {
  readonly mode: string
  /** ISO 8601; undefined: only the time service knows it */
  readonly now: string | undefined
  readonly lagS: number | undefined
  /** who holds the clock, the earliest first */
  readonly holds: readonly string[]
  /** holds that end by an operator only, and are older than a minute */
  readonly stuck: readonly string[]
}

/** All parts of a deployment at one moment. */
export type DeploymentStatus = {
  /** ISO 8601 */
  readonly at: string
  /** sentences on what is wrong, the most serious first; empty: all is well */
  readonly problems: readonly string[]
  readonly processes: readonly ProcessStatus[]
  /** undefined where no yagi.conf names one */
  readonly broker: ConnectionFinding | undefined
  readonly queues: readonly QueueStatus[]
  readonly archives: readonly ArchiveStatus[]
  readonly databases: readonly DatabaseStatus[]
}

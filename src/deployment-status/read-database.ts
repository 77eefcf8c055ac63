import { needsCare } from '../assembly/clock-metrics.ts'
import { clockSettingsOf } from '../assembly/event-clock-of.ts'
import { createStore, openDatabase } from '../assembly/open-store.ts'
import { wallClock } from '../clock/event-clock.ts'
import { readClock } from '../clock/read-clock.ts'
import { describeHold } from '../clock/watermark-clock.ts'
import type { Config } from '../config/load/config.ts'
import { checkDatabase } from '../connection-check/check-database.ts'
import { answerOf, type ConnectionFinding, PATIENCE_MS } from '../connection-check/connection-finding.ts'
import { messageOf } from '../domain/errors.ts'
import { STREAM_STATES, type StreamState } from '../domain/stream.ts'
import { formatIso, MICROS_PER_SECOND, parseIso } from '../domain/time.ts'
import { describeUnfinished, readUnfinished } from '../replay/unfinished.ts'
import type { Store } from '../store/store.ts'
import type { ClockStatus, DatabaseStatus } from './deployment-status.ts'

const ANY = { limit: 1, mark: undefined, ascending: true }

type Contents = Pick<DatabaseStatus, 'streams' | 'deadLetters' | 'clock' | 'replay'>
const UNREAD: Contents = { streams: undefined, deadLetters: undefined, clock: undefined, replay: undefined }

/**
 * Reads the state of the database of a configuration, and what is in it. Changes nothing. A database that cannot be
 * used is a status too, with its fault.
 */
export async function readDatabase(config: Config): Promise<DatabaseStatus> {
  const findings = await checkDatabase(config)
  const found = findings.find(({ object }) => object === 'database') as ConnectionFinding
  const { name, facts } = found
  const schema = typeof facts?.schema === 'string' ? facts.schema : undefined
  const fault = found.state === 'error' ? sentenceOf(found) : undefined
  const newest = findings.find(({ object }) => object === 'events')?.facts?.newest
  const newestEvent = typeof newest === 'string' ? newest : undefined
  const about = { name, schema, newestEvent, newestAgeS: ageOf(newestEvent) }
  if (schema === undefined) return { ...about, fault, ...UNREAD }
  try {
    return { ...about, fault, ...(await answerOf(readContents(config), 'the database')) }
  } catch (error) {
    return { ...about, fault: messageOf(error), ...UNREAD }
  }
}

function sentenceOf({ text, remedy }: ConnectionFinding): string {
  return remedy === undefined ? text : `${text}; ${remedy}`
}

/** Returns the seconds from an ISO 8601 time until now. */
function ageOf(time: string | undefined): number | undefined {
  const at = time === undefined ? undefined : parseIso(time)
  return at === undefined ? undefined : Math.max(0, Math.floor((wallClock.now() - at) / MICROS_PER_SECOND))
}

async function readContents(config: Config): Promise<Contents> {
  const database = await openDatabase(config.winchester.database.url, config.folder, {
    mayCreate: false,
    silenceMs: PATIENCE_MS,
  })
  try {
    const store = await createStore(database, config)
    const streams = await countByState(store)
    const deadLetters = Object.fromEntries(await store.countDeadLettersByStage())
    const clock = await clockStatus(store, config)
    return { streams, deadLetters, clock, replay: await replayStatus(store) }
  } finally {
    void database.db.destroy().catch(() => {})
  }
}

async function countByState(store: Store): Promise<{ readonly [state in StreamState]: number }> {
  const counts: [StreamState, number][] = []
  for (const state of STREAM_STATES) counts.push([state, await store.countStreams({ state }, ANY)])
  return Object.fromEntries(counts) as { [state in StreamState]: number }
}

async function replayStatus(store: Store): Promise<DatabaseStatus['replay']> {
  const replay = await readUnfinished(store)
  return replay && { text: describeUnfinished(replay), isRunning: replay.isRunning }
}

async function clockStatus(store: Store, config: Config): Promise<ClockStatus> {
  const { mode, now, holds } = await readClock(store, clockSettingsOf(config))
  const wallNow = wallClock.now()
  return {
    mode,
    now: now === undefined ? undefined : formatIso(now),
    lagS: now === undefined ? undefined : Math.max(0, Math.floor((wallNow - now) / MICROS_PER_SECOND)),
    holds: holds.map((hold) => describeHold(hold, wallNow)),
    stuck: holds.filter((hold) => needsCare(hold, wallNow)).map((hold) => describeHold(hold, wallNow)),
  }
}

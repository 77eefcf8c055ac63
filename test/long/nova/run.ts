import type { Capture, Notification } from '../../../sandbox/cloud/capture.ts'
import type { Cloud } from '../../../sandbox/cloud/cloud.ts'
import { stockWares } from '../../../sandbox/cloud/wares.ts'
import type { Quiet } from './logs.ts'
import type { Product, StreamWithEvents } from './product.ts'
import { dayOf, formOf, isEndOfDay, serverOf } from './server-days.ts'
import {
  AFTERNOON,
  bootAll,
  bootWithoutHost,
  deleteBeforeLaunch,
  doAll,
  MORNING,
  NEXT_DAY,
  one,
  type Servers,
} from './story.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS

export type Actors = { readonly cloud: Cloud; readonly capture: Capture; readonly product: Product }

/** What Nova tells of a server at the end, and its times in milliseconds since the epoch. */
export type Fate = {
  readonly id: string
  readonly name: string
  readonly host: string | undefined
  readonly launchedAt: number | undefined
  readonly terminatedAt: number | undefined
}

/** What was seen of the two days. */
export type Run = {
  readonly fates: readonly Fate[]
  /** the days, as 2026-11-29 */
  readonly days: readonly [string, string]
  /** the ends of the days */
  readonly midnights: readonly [number, number]
  readonly quiet: Quiet
  readonly streams: readonly StreamWithEvents[]
}

/**
 * Two days of a cloud whose consumer was there first: a morning, a restart of the broker, an afternoon, midnight, a
 * second day and its midnight; then the services end and the clock moves on until nothing is left to wait for.
 */
export async function liveTwoDays(actors: Actors): Promise<Run> {
  const { cloud } = actors
  cloud.clock.moveTo(cloud.clock.next(10 * HOUR_MS))
  await cloud.start()
  const startedAt = cloud.clock.now()
  const wares = await stockWares(cloud.at.ports)
  const servers: Servers = new Map()
  await Promise.all([bootAll(servers, wares, MORNING), bootWithoutHost(servers, wares)])
  await allStored(actors)
  const restartedAt = cloud.clock.now()
  await cloud.restartBroker()
  const recoveredAt = cloud.clock.now()
  await Promise.all([bootAll(servers, wares, AFTERNOON), deleteBeforeLaunch(servers, wares)])
  const first = await midnight(actors, servers, () => one(servers, 'deleted before midnight').delete())
  await doAll(servers, wares, NEXT_DAY)
  const second = await midnight(actors, servers)
  const fates = await fatesOf(servers)
  await cloud.stopServices()
  const streams = await allCompleted(actors)
  return {
    fates,
    days: [first.day, second.day],
    midnights: [first.end, second.end],
    quiet: { startedAt, restartedAt, recoveredAt },
    streams,
  }
}

/**
 * Moves on to the end of the day and waits for the audit of it. What is done just before midnight has its end after
 * it: the clock moves on at once.
 */
async function midnight(
  actors: Actors,
  servers: Servers,
  justBefore?: () => Promise<void>,
): Promise<{ readonly day: string; readonly end: number }> {
  const { clock } = actors.cloud
  const end = clock.next(0)
  const day = new Date(end - 1).toISOString().slice(0, 10)
  clock.moveTo(end - MINUTE_MS)
  // Until it reports by the new clock, a host is thought to be gone, and a server on it not stopped but forgotten.
  await actors.cloud.ready()
  await justBefore?.()
  if (justBefore && clock.now() < end) clock.moveTo(end)
  await actors.cloud.until('midnight', () => clock.now() > end)
  const begin = end - DAY_MS
  const audited = (await fatesOf(servers)).filter((fate) => isAudited(fate, begin))
  await actors.cloud.until(`the audit of ${day}`, () => {
    const told = actors.capture.all.map(({ notification }) => notification)
    return audited.every(({ id }) => endOfDays(told, id, day).length === 2)
  })
  await allStored(actors)
  await actors.cloud.ready()
  return { day, end }
}

/** Waits until all that was published about servers is in the database, and everything in the archive. */
async function allStored({ cloud, capture, product }: Actors): Promise<void> {
  await cloud.until('all notifications to be stored', async () => {
    checkRunning(product)
    const stored = new Set((await product.events()).map(({ message_id: id }) => id))
    const archived = new Set(product.archived())
    const told = capture.all.map(({ notification }) => notification)
    const isKept = (one: Notification) =>
      archived.has(one.message_id) && (formOf(one) === undefined || stored.has(one.message_id))
    return told.some((one) => formOf(one) !== undefined) && told.every(isKept)
  })
}

/** Moves the clock past the expiration of all streams and waits until none is open. */
async function allCompleted({ cloud, product }: Actors): Promise<StreamWithEvents[]> {
  cloud.clock.moveTo(cloud.clock.now() + 3 * DAY_MS)
  await cloud.until('all streams to be completed', async () => {
    checkRunning(product)
    const [all, completed] = [{}, { state: 'completed' }].map((query) => product.client.countStreams(query))
    return (await all) === (await completed)
  })
  return product.streams()
}

function checkRunning(product: Product): void {
  if (product.ended !== undefined) throw new Error(product.ended)
}

/** Whether Nova's hosts audit a server for the day that begins then: it has run, has a host, and was there. */
export function isAudited(fate: Fate, begin: number): boolean {
  const { host, launchedAt, terminatedAt } = fate
  const end = begin + DAY_MS
  if (launchedAt === undefined || host === undefined || launchedAt >= end) return false
  return terminatedAt === undefined || terminatedAt > begin
}

/** The exists of a server for a whole day, of all forms. */
export function endOfDays(told: readonly Notification[], id: string, day: string): Notification[] {
  return told.filter(
    (notification) =>
      formOf(notification) !== undefined &&
      serverOf(notification) === id &&
      isEndOfDay(notification) &&
      dayOf(notification) === day,
  )
}

function fatesOf(servers: Servers): Promise<Fate[]> {
  const fates = [...servers.values()].map(async (server) => {
    const view = await server.view()
    return {
      id: server.id,
      name: server.name,
      host: view?.['OS-EXT-SRV-ATTR:host'] ?? undefined,
      launchedAt: timeOf(view?.['OS-SRV-USG:launched_at']),
      terminatedAt: timeOf(view?.['OS-SRV-USG:terminated_at']),
    }
  })
  return Promise.all(fates)
}

function timeOf(text: string | null | undefined): number | undefined {
  return text == null ? undefined : Date.parse(`${text}Z`)
}

import { sql } from 'kysely'
import type { Router } from '../domain/routing.ts'
import type { Firing, Stream } from '../domain/stream.ts'
import { createStreamKeyHash } from '../domain/stream-key.ts'
import type { StoreContext } from './context.ts'
import { replaceDeadLetter } from './dead-letters.ts'
import { insertEvents } from './insert-events.ts'
import { type Finishing, routeEvents } from './route-events.ts'
import { hexBytes, stateNumber } from './rows.ts'
import { bucketOf, type Executor } from './schema.ts'
import type { FailedRun, FinishedRun, NewDeadLetter } from './store.ts'
import { traitHash } from './trait-codec.ts'

/** Thrown to roll back what was stored together with runs whose lease had gone. */
export class LeaseLost extends Error {
  readonly runs: readonly FinishedRun[]

  constructor(runs: readonly FinishedRun[]) {
    super('the lease of a run had gone')
    this.runs = runs
  }
}

/** Finishes runs that made no events, in bulk; answers the ids of those whose lease held. */
export async function finishQuietRuns(
  tx: Executor,
  context: StoreContext,
  runs: readonly FinishedRun[],
): Promise<number[]> {
  await closeStreams(tx, runs.map(finishingOf))
  const serials = new Map(runs.map(({ claim }) => [claim.stream.id, claim.stream.stateSerialNo]))
  const rows = await tx
    .selectFrom('stream')
    .select(['id', 'state_serial_no'])
    .where('id', 'in', [...serials.keys()])
    .orderBy('id')
    .modifyEnd(sql.raw(context.dialect.forUpdate))
    .execute()
  const held = new Set(rows.filter((row) => serials.get(row.id) === row.state_serial_no).map((row) => row.id))
  await settle(
    tx,
    runs.filter(({ claim }) => held.has(claim.stream.id)),
  )
  return [...held]
}

/**
 * Stores and routes what runs made and finishes their streams, all of one generation; throws LeaseLost, which
 * names those whose lease had gone.
 */
export async function finishProducingRuns(
  tx: Executor,
  context: StoreContext,
  runs: readonly FinishedRun[],
  router: Router,
): Promise<void> {
  const finishing = runs.map(finishingOf)
  const events = await insertEvents(
    tx,
    context,
    runs.flatMap(({ newEvents }) => newEvents),
  )
  const locked = await routeEvents(tx, context, events, router, generationAfter(runs), finishing)
  const lost = runs.filter(
    ({ claim: { stream } }) => locked.get(stream.id)?.stateSerialNo !== stream.stateSerialNo,
  )
  if (lost.length > 0) throw new LeaseLost(lost)
  await closeStreams(tx, finishing)
  await settle(tx, runs)
}

/** The generation of what runs of one generation make. */
function generationAfter([run]: readonly FinishedRun[]): number {
  return (run?.claim.stream.generation ?? 0) + 1
}

/** Runs by the generation of their streams. */
export function byGeneration(runs: readonly FinishedRun[]): FinishedRun[][] {
  return [...Map.groupBy(runs, ({ claim }) => claim.stream.generation).values()]
}

function finishingOf({ claim: { stream } }: FinishedRun): Finishing {
  return { id: stream.id, keyHash: createStreamKeyHash(stream.name, stream.distinguishingTraits) }
}

/** Takes the pointers of streams away, but not those that a newer stream of the same key has. */
async function closeStreams(tx: Executor, streams: readonly Finishing[]): Promise<void> {
  const hashes = streams.map(({ keyHash }) => keyHash).sort()
  await tx
    .deleteFrom('open_stream')
    .where('key_hash', 'in', hashes.map(hexBytes))
    .where('stream_id', 'in', [0, ...streams.map(({ id }) => id)])
    .execute()
}

async function settle(tx: Executor, runs: readonly FinishedRun[]): Promise<void> {
  await purge(
    tx,
    runs.filter((run) => run.purge),
  )
  const kept = runs.filter((run) => !run.purge)
  const quiet = kept.filter((run) => run.lastError === null).map(({ claim }) => claim.stream.id)
  if (quiet.length > 0) await complete(tx, quiet, null)
  for (const run of kept) {
    if (run.lastError !== null) await complete(tx, [run.claim.stream.id], run.lastError)
  }
}

async function complete(tx: Executor, ids: readonly number[], lastError: string | null): Promise<void> {
  await tx
    .updateTable('stream')
    .set({
      state: stateNumber('completed'),
      state_serial_no: sql`state_serial_no + 1`,
      claimed_by: null,
      lease_until: null,
      last_error: lastError,
    })
    .where('id', 'in', ids)
    .execute()
}

/** Rows of the inverted index that one DELETE names. */
const TRAITS_PER_DELETE = 100

/** Deletes streams, never their events. */
async function purge(tx: Executor, runs: readonly FinishedRun[]): Promise<void> {
  if (runs.length === 0) return
  const streams = runs.map(({ claim }) => claim.stream)
  const ids = streams.map(({ id }) => id)
  await tx.deleteFrom('stream_event').where('stream_id', 'in', ids).execute()
  const traits = streams.flatMap(({ id, distinguishingTraits }) =>
    Object.entries(distinguishingTraits).map(([name, trait]) => ({
      id,
      hash: hexBytes(traitHash(name, trait)),
    })),
  )
  for (let at = 0; at < traits.length; at += TRAITS_PER_DELETE) {
    const part = traits.slice(at, at + TRAITS_PER_DELETE)
    await tx
      .deleteFrom('stream_trait')
      .where((where) =>
        where.or(
          part.map(({ id, hash }) =>
            where.and([
              where('bucket', '=', bucketOf(id)),
              where('hash', '=', hash),
              where('stream_id', '=', id),
            ]),
          ),
        ),
      )
      .execute()
  }
  await tx.deleteFrom('stream').where('id', 'in', ids).execute()
}

/**
 * Puts a stream into its retry state, not to be run before the wait is over, or for good into its error state; then
 * it is a dead letter too.
 */
export async function failRun(tx: Executor, context: StoreContext, run: FailedRun): Promise<boolean> {
  const { stream, firing } = run.claim
  const { retryInMs, error } = run
  const isForGood = retryInMs === undefined
  const result = await tx
    .updateTable('stream')
    .set({
      state: stateNumber(isForGood ? ERROR_STATES[firing] : RETRY_STATES[firing]),
      state_serial_no: sql`state_serial_no + 1`,
      claimed_by: null,
      lease_until: isForGood
        ? null
        : sql<number>`${sql.raw(context.dialect.machineNow)} + ${Math.round(retryInMs * 1000)}`,
      last_error: error,
    })
    .where('id', '=', stream.id)
    .where('state_serial_no', '=', stream.stateSerialNo)
    .executeTakeFirstOrThrow()
  const wasHeld = result.numUpdatedRows > 0n
  if (wasHeld && isForGood) await replaceDeadLetter(tx, context, streamLetter(stream, firing, error))
  return wasHeld
}

const RETRY_STATES = { fire: 'retry_fire', expire: 'retry_expire' } as const
const ERROR_STATES = { fire: 'error', expire: 'expire_error' } as const

/** What is kept of a stream whose pipeline failed for good; the stream itself has its events. */
function streamLetter({ id, name }: Stream, firing: Firing, reason: string): NewDeadLetter {
  const body = Buffer.from(JSON.stringify({ stream_id: id, trigger: name, firing }))
  return { stage: 'pipeline', reason, queue: null, body }
}

/** Brings streams of an error state back to be run again, their attempts forgotten; answers how many. */
export async function resetStreams(
  db: Executor,
  state: 'error' | 'expire_error',
  id: number | undefined,
): Promise<number> {
  let update = db
    .updateTable('stream')
    .set({
      state: stateNumber(state === 'error' ? 'retry_fire' : 'retry_expire'),
      state_serial_no: sql`state_serial_no + 1`,
      attempts: 0,
      claimed_by: null,
      lease_until: null,
    })
    .where('state', '=', stateNumber(state))
  if (id !== undefined) update = update.where('id', '=', id)
  const result = await update.executeTakeFirstOrThrow()
  return Number(result.numUpdatedRows)
}

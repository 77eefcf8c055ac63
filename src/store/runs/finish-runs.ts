import { sql } from 'kysely'
import type { Router } from '../../domain/routing.ts'
import type { StoreContext } from '../context.ts'
import { insertEvents } from '../intake/insert-events.ts'
import { type Finishing, routeEvents } from '../intake/route-events.ts'
import { lockHeld } from '../lock-held.ts'
import type { FinishedRun } from '../ports/stream-runs.ts'
import { hashIn, idIn, stateNumber } from '../rows.ts'
import type { Executor } from '../schema/schema.ts'
import { replaceDeadLetter } from '../upkeep/dead-letters.ts'
import { deleteStreamRows } from './delete-stream.ts'
import { changeOf, noteChanges, type StreamChange } from './stream-changes.ts'
import { streamLetter } from './stream-letters.ts'

/** Thrown to roll back what was stored together with `runs`, whose leases had gone. */
export class LeaseLost extends Error {
  readonly runs: readonly FinishedRun[]

  constructor(runs: readonly FinishedRun[]) {
    super('the lease of a run had gone')
    this.runs = runs
  }
}

/** Finishes runs without new events, in bulk, and returns the ids of the streams whose lease held. */
export async function finishQuietRuns(
  tx: Executor,
  context: StoreContext,
  runs: readonly FinishedRun[],
): Promise<number[]> {
  await closeStreams(tx, runs.map(finishingOf))
  const held = new Set(
    await lockHeld(
      tx,
      context,
      runs.map(({ claim }) => claim),
    ),
  )
  const finished = runs.filter(({ claim }) => held.has(claim.stream.id))
  await completeOrPurge(tx, context, finished)
  return [...held]
}

/**
 * Stores and routes the new events of runs, all of one generation, and finishes their streams. Throws
 * LeaseLost with the runs whose lease had gone.
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
  await completeOrPurge(tx, context, runs)
}

/** Returns the generation of the events that runs, all of one generation, have made. */
function generationAfter([run]: readonly FinishedRun[]): number {
  return (run?.claim.stream.generation ?? 0) + 1
}

/** Groups runs by the generation of their streams. */
export function byGeneration(runs: readonly FinishedRun[]): FinishedRun[][] {
  return [...Map.groupBy(runs, ({ claim }) => claim.stream.generation).values()]
}

function finishingOf({ claim: { stream, keyHash } }: FinishedRun): Finishing {
  return { id: stream.id, keyHash }
}

/** Removes the pointers to streams, but not those to a newer stream of the same key. */
async function closeStreams(tx: Executor, streams: readonly Finishing[]): Promise<void> {
  const hashes = streams.map(({ keyHash }) => keyHash).sort()
  await tx
    .deleteFrom('open_stream')
    .where(hashIn('key_hash', hashes))
    .where(idIn('stream_id', [0, ...streams.map(({ id }) => id)]))
    .execute()
}

async function completeOrPurge(
  tx: Executor,
  context: StoreContext,
  runs: readonly FinishedRun[],
): Promise<void> {
  await deleteStreamRows(
    tx,
    runs.filter((run) => run.purge).map(({ claim }) => claim.stream),
  )
  const changes = runs.map(({ claim: { stream }, lastError: error }): StreamChange => {
    return { ...changeOf(stream), state: 'completed', error }
  })
  await noteChanges(tx, context, changes)
  const kept = runs.filter((run) => !run.purge)
  const quiet = kept.filter((run) => run.lastError === null).map(({ claim }) => claim.stream.id)
  if (quiet.length > 0) await complete(tx, quiet, {})
  for (const run of kept) {
    if (run.lastError === null) continue
    await complete(tx, [run.claim.stream.id], {
      last_error: run.lastError,
      ...(context.isQuiet && { is_quiet: 1 }),
    })
    await replaceDeadLetter(tx, context, streamLetter(run.claim, 'commit', run.lastError))
  }
}

async function complete(
  tx: Executor,
  ids: readonly number[],
  more: { readonly last_error?: string; readonly is_quiet?: number },
): Promise<void> {
  await tx
    .updateTable('stream')
    .set({
      state: stateNumber('completed'),
      state_serial_no: sql`state_serial_no + 1`,
      claimed_by: null,
      lease_until: null,
      last_error: null,
      ...more,
    })
    .where(idIn('id', ids))
    .execute()
}

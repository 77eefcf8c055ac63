import { sql } from 'kysely'
import { NotFoundError } from '../../domain/errors.ts'
import { bytesHash128, hash128 } from '../../domain/hash.ts'
import type { StoreContext } from '../context.ts'
import { insertRows } from '../insert-rows.ts'
import {
  type DeadLetter,
  type DeadLetterFilter,
  type DeadLetterHead,
  type NewDeadLetter,
  STREAM_STAGES,
} from '../ports/dead-letter-box.ts'
import type { Page } from '../ports/queries.ts'
import { holdsText } from '../queries/holds-text.ts'
import { applyPage } from '../queries/page.ts'
import { bytesHex, hashIn, hexBytes } from '../rows.ts'
import type { Executor } from '../schema/schema.ts'

/** Most characters of a reason. */
const REASON_CHARACTERS = 10_000
/** Bodies above this size are hashed as they are: as a text they would be in memory twice more, bytes. */
const LARGE_BODY = 1 << 20

/**
 * Keeps dead letters, each once, however often its message is delivered. A body that one statement cannot
 * carry is written in pieces. A body of more than `maxStatementBytes` is cut, and its reason says so. Returns the id of
 * each; repeats have the same, and a replay's repeat of one that is kept has none.
 */
export async function insertDeadLetters(
  tx: Executor,
  context: StoreContext,
  deadLetters: readonly NewDeadLetter[],
): Promise<readonly (number | undefined)[]> {
  const { dialect } = context
  const letters = context.isReplay ? await withoutKept(tx, context, deadLetters) : deadLetters
  const hashes = deadLetters.map(hashOf)
  const byHash = new Map(letters.map((letter) => [hashOf(letter), letter]))
  if (byHash.size === 0) return hashes.map(() => undefined)
  const known = await tx
    .selectFrom('dead_letter')
    .select(['id', 'hash'])
    .where('hash', 'in', [...byHash.keys()].map(hexBytes))
    .execute()
  const ids = new Map(known.map(({ id, hash }) => [bytesHex(hash), id]))
  for (const hash of ids.keys()) byHash.delete(hash)
  const at = await machineNow(tx, dialect.machineNow)
  const most = dialect.maxStatementBytes
  // As a literal a byte takes two characters in a statement.
  const piece = Math.floor(most / (dialect.literal ? 2 : 1)) - 4 * REASON_CHARACTERS
  const inserted = await insertRows(
    tx,
    dialect,
    'dead_letter',
    [...byHash].map(([hash, { stage, reason, queue, body }]) => ({
      hash: hexBytes(hash),
      at,
      stage,
      reason: reason.slice(0, REASON_CHARACTERS) + (body.length > most ? cutAt(most, body) : ''),
      queue,
      body: body.subarray(0, piece),
    })),
  )
  for (const [index, hash] of [...byHash.keys()].entries()) ids.set(hash, inserted[index] as number)
  for (const [hash, { body }] of byHash) {
    for (let from = piece; from < Math.min(body.length, most); from += piece) {
      const next = body.subarray(from, Math.min(from + piece, most))
      await tx
        .updateTable('dead_letter')
        .set({ body: sql`concat(body, ${next})` })
        .where('hash', '=', hexBytes(hash))
        .execute()
    }
  }
  return hashes.map((hash) => ids.get(hash))
}

/**
 * Returns dead letters without messages that are kept already, of whatever stage and queue: a replay may not know from
 * which queue they came.
 */
async function withoutKept(
  tx: Executor,
  context: StoreContext,
  letters: readonly NewDeadLetter[],
): Promise<NewDeadLetter[]> {
  const messages = letters.filter(({ queue }) => queue !== null)
  if (messages.length === 0) return [...letters]
  const areKept = await areDeadLetters(
    { ...context, db: tx },
    messages.map(({ body }) => body),
  )
  const kept = new Set(messages.filter((_, index) => areKept[index]))
  return letters.filter((letter) => !kept.has(letter))
}

function cutAt(most: number, body: Buffer): string {
  return ` (only the first ${most} of ${body.length} bytes are kept: the database takes no more in one statement)`
}

/** Keeps a dead letter like insertDeadLetters, but replaces one that is kept already. */
export async function replaceDeadLetter(
  tx: Executor,
  context: StoreContext,
  letter: NewDeadLetter,
): Promise<void> {
  await tx
    .deleteFrom('dead_letter')
    .where('hash', '=', hexBytes(hashOf(letter)))
    .execute()
  await insertDeadLetters(tx, context, [letter])
}

function hashOf({ stage, queue, body, wholeHash }: NewDeadLetter): string {
  const isLarge = body.length > LARGE_BODY
  const content = wholeHash ?? (isLarge ? bytesHash128(body) : body.toString('latin1'))
  return hash128(`${JSON.stringify([stage, queue])}${content}`)
}

/** Returns for each body whether a message with this body is kept, of whatever stage and queue. */
export async function areDeadLetters({ db }: StoreContext, bodies: readonly Buffer[]): Promise<boolean[]> {
  const kinds = await db.selectFrom('dead_letter').select(['stage', 'queue']).distinct().execute()
  const hashes = bodies.map((body) => kinds.flatMap((kind) => hashesOf({ ...kind, reason: '', body })))
  const all = [...new Set(hashes.flat())]
  const found = new Set<string>()
  for (let at = 0; at < all.length; at += HASHES_PER_QUERY) {
    const rows = await db
      .selectFrom('dead_letter')
      .select('hash')
      .where(hashIn('hash', all.slice(at, at + HASHES_PER_QUERY)))
      .execute()
    for (const { hash } of rows) found.add(bytesHex(hash))
  }
  return hashes.map((own) => own.some((hash) => found.has(hash)))
}

const HASHES_PER_QUERY = 1000

/** Returns the hashes that a dead letter may have, whether it was cut or not. */
function hashesOf(letter: NewDeadLetter): string[] {
  return [hashOf(letter), hashOf({ ...letter, wholeHash: bytesHash128(letter.body) })]
}

async function machineNow(db: Executor, expression: string): Promise<number> {
  const { rows } = await sql<{ now: number }>`select ${sql.raw(expression)} as now`.execute(db)
  return Number(rows[0]?.now)
}

export async function listDeadLetters(
  { db }: StoreContext,
  filter: DeadLetterFilter,
  page: Page,
): Promise<DeadLetter[]> {
  const rows = await applyPage(matching(db.selectFrom('dead_letter'), filter), 'id', page)
    .selectAll()
    .orderBy('id', page.ascending ? 'asc' : 'desc')
    .limit(page.limit)
    .execute()
  return rows.map(({ hash: _, ...row }) => ({ ...row, body: Buffer.from(row.body) }))
}

/** Lists dead letters without their bodies. */
export async function listDeadLetterHeads(
  { db }: StoreContext,
  filter: DeadLetterFilter,
  page: Page,
): Promise<DeadLetterHead[]> {
  const rows = await applyPage(matching(db.selectFrom('dead_letter'), filter), 'id', page)
    .select(['id', 'at', 'stage', 'reason', 'queue', sql<number>`length(body)`.as('bytes')])
    .orderBy('id', page.ascending ? 'asc' : 'desc')
    .limit(page.limit)
    .execute()
  return rows.map((row) => ({ ...row, bytes: Number(row.bytes) }))
}

export async function countDeadLetters({ db }: StoreContext, filter: DeadLetterFilter): Promise<number> {
  const row = await matching(db.selectFrom('dead_letter'), filter)
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow()
  return Number(row.count)
}

export async function countDeadLettersByStage({ db }: StoreContext): Promise<Map<string, number>> {
  const rows = await db
    .selectFrom('dead_letter')
    .select(({ fn }) => ['stage', fn.countAll<number>().as('count')])
    .groupBy('stage')
    .orderBy('stage')
    .execute()
  return new Map(rows.map(({ stage, count }) => [stage, Number(count)]))
}

export async function dropDeadLetters(db: Executor, filter: DeadLetterFilter): Promise<number> {
  const { numDeletedRows } = await matching(db.deleteFrom('dead_letter'), filter).executeTakeFirstOrThrow()
  return Number(numDeletedRows)
}

/** Deletes a dead letter that its message, or its stream, makes up for. Throws NotFoundError where it is gone. */
export async function settleDeadLetter(tx: Executor, id: number): Promise<void> {
  if ((await dropDeadLetters(tx, { ids: [id] })) === 0)
    throw new NotFoundError(`there is no dead letter ${id}`)
}

export async function noteDeadLetter(db: Executor, id: number, stage: string, reason: string): Promise<void> {
  await db
    .updateTable('dead_letter')
    .set({ stage, reason: reason.slice(0, REASON_CHARACTERS) })
    .where('id', '=', id)
    .execute()
}

/** Yields the ids of the dead letters that match a filter, upwards and in portions, without those that come later. */
export async function* matchingDeadLetters(
  { db }: StoreContext,
  filter: DeadLetterFilter,
): AsyncGenerator<readonly number[]> {
  const newest = await db
    .selectFrom('dead_letter')
    .select('id')
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirst()
  for (let mark = -1; newest; ) {
    const rows = await matching(db.selectFrom('dead_letter'), filter)
      .select('id')
      .where('id', '>', mark)
      .where('id', '<=', newest.id)
      .orderBy('id')
      .limit(IDS_PER_QUERY)
      .execute()
    if (rows.length > 0) yield rows.map(({ id }) => id)
    mark = rows.at(-1)?.id ?? mark
    if (rows.length < IDS_PER_QUERY) return
  }
}

const IDS_PER_QUERY = 50_000

/** Deletes these dead letters, whatever their reasons; those that are not kept do no harm. */
export async function dropLetters(tx: Executor, letters: readonly NewDeadLetter[]): Promise<void> {
  const hashes = letters.map(hashOf).sort()
  for (let at = 0; at < hashes.length; at += HASHES_PER_QUERY)
    await tx
      .deleteFrom('dead_letter')
      .where(hashIn('hash', hashes.slice(at, at + HASHES_PER_QUERY)))
      .execute()
}

type Restrictable<Q> = { where(column: never, operator: '=' | '<' | '>' | 'in', value: never): Q }

function matching<Q extends Restrictable<Q>>(query: Q, filter: DeadLetterFilter): Q {
  const { ids, stage, queue, reason, stream, since, until } = filter
  let restricted = query
  const keep = (column: unknown, operator: '=' | '<' | '>' | 'in', value: unknown) => {
    restricted = restricted.where(column as never, operator, value as never)
  }
  if (ids !== undefined) keep('id', 'in', ids.length > 0 ? ids : [0])
  if (stage !== undefined) keep('stage', '=', stage)
  if (queue !== undefined) keep('queue', '=', queue)
  if (reason !== undefined) keep(holdsText('reason', reason), '=', sql`true`)
  if (stream !== undefined) {
    keep('stage', 'in', STREAM_STAGES)
    // As streamLetter writes it.
    keep(sql`instr(body, ${Buffer.from(`{"stream_id":${stream},`)})`, '=', 1)
  }
  if (since !== undefined) keep('at', '>', since)
  if (until !== undefined) keep('at', '<', until)
  return restricted
}

import { sql } from 'kysely'
import type { Sample, SampleRing } from '../../domain/sample.ts'
import { MICROS_PER_DAY, type Micros } from '../../domain/time.ts'
import type { StoreContext } from '../context.ts'
import { upsertRows } from '../insert-rows.ts'
import type { Contact, Samples } from '../ports/samples.ts'
import type { Executor } from '../schema/schema.ts'
import type { SqlSession } from '../sql-session.ts'

/** Most characters of a name, which its column takes. */
const NAME_CHARACTERS = 255

export function createSqlSamples({ context, transaction, query }: SqlSession): Samples {
  const { db } = context
  return {
    keepSample: (ring, sample) => transaction((tx) => keepSample(tx, context, ring, sample)),
    listSamples: (ring, after) => query(() => listSamples(db, ring, after)),
    noteContact: (contact) => transaction((tx) => noteContact(tx, context, contact)),
    async forgetContact(name) {
      await query(() => db.deleteFrom('contact').where('name', '=', nameOf(name)).execute())
    },
    listContacts: () => query(() => listContacts(context)),
  }
}

function nameOf(name: string): string {
  return name.slice(0, NAME_CHARACTERS)
}

async function keepSample(
  tx: Executor,
  { dialect }: StoreContext,
  { stepS, length }: SampleRing,
  { at, figures }: Sample,
): Promise<void> {
  const slot = Math.floor(at / 1e6 / stepS) % length
  const row = { ring: stepS, slot, at, figures: JSON.stringify(figures) }
  await upsertRows(tx, dialect, 'sample', [row], ['ring', 'slot'], ['at', 'figures'])
}

async function listSamples(db: Executor, { stepS }: SampleRing, after: Micros): Promise<Sample[]> {
  const rows = await db
    .selectFrom('sample')
    .select(['at', 'figures'])
    .where('ring', '=', stepS)
    .where('at', '>', after)
    .orderBy('at')
    .execute()
  return rows.map(({ at, figures }) => ({ at, figures: JSON.parse(figures) }))
}

async function noteContact(
  tx: Executor,
  { dialect }: StoreContext,
  { name, role }: { readonly name: string; readonly role: string },
): Promise<void> {
  const { rows } = await sql<{ now: number }>`select ${sql.raw(dialect.machineNow)} as now`.execute(tx)
  const now = Number(rows[0]?.now)
  const row = { name: nameOf(name), role, started_at: now, heard_at: now }
  await upsertRows(tx, dialect, 'contact', [row], ['name'], ['role', 'heard_at'])
  const old = tx
    .selectFrom('contact')
    .select('name')
    .where('heard_at', '<', now - MICROS_PER_DAY)
  // Looked up first: deleting where nothing is old would lock what others note.
  const names = (await old.execute()).map(({ name }) => name)
  if (names.length > 0) await tx.deleteFrom('contact').where('name', 'in', names).execute()
}

async function listContacts({ db, dialect }: StoreContext): Promise<Contact[]> {
  const rows = await db
    .selectFrom('contact')
    .selectAll()
    .select(sql.raw<number>(dialect.machineNow).as('now'))
    .orderBy('role')
    .orderBy('name')
    .execute()
  return rows.map(({ name, role, started_at, heard_at, now }) => ({
    ...{ name, role, startedAt: started_at, heardAt: heard_at },
    ageMs: Math.max(0, (Number(now) - heard_at) / 1000),
  }))
}

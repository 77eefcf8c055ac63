import { type Kysely, sql } from 'kysely'
import { type Migration, type MigrationProvider, Migrator } from 'kysely/migration'
import { StackTachError } from '../../domain/errors.ts'
import { ONLY_IN_WINCHESTER } from '../copy/winchester/winchester-tables.ts'
import type { ColumnTypes } from './column-types.ts'
import { MIGRATIONS } from './migrations/migrations.ts'
import type { Tables } from './schema.ts'

export type MigrationState = { readonly name: string; readonly appliedAt: Date | undefined }

function createMigrator(db: Kysely<Tables>, types: ColumnTypes): Migrator {
  const provider: MigrationProvider = {
    async getMigrations() {
      const entries = MIGRATIONS.map(({ name, statements }): [string, Migration] => [
        name,
        {
          async up(connection) {
            for (const statement of statements(types)) await sql.raw(statement).execute(connection)
          },
        },
      ])
      return Object.fromEntries(entries)
    },
  }
  return new Migrator({ db, provider })
}

/**
 * Applies the missing migrations and returns their names. Rejects with StackTachError, and changes nothing, where
 * the database belongs to another program.
 */
export async function upgradeSchema(db: Kysely<Tables>, types: ColumnTypes): Promise<string[]> {
  await requireOwnDatabase(db)
  const { error, results } = await createMigrator(db, types).migrateToLatest()
  if (error) throw error
  return (results ?? [])
    .filter(({ status }) => status === 'Success')
    .map(({ migrationName }) => migrationName)
}

/** Returns every migration in order, with the time at which it was applied. */
export async function schemaStatus(db: Kysely<Tables>, types: ColumnTypes): Promise<MigrationState[]> {
  const migrations = await createMigrator(db, types).getMigrations()
  return migrations.map(({ name, executedAt }) => ({ name, appliedAt: executedAt }))
}

/**
 * Rejects with StackTachError unless the database has exactly the schema that this program was written for.
 */
export async function requireCurrentSchema(db: Kysely<Tables>): Promise<void> {
  const applied = await appliedMigrations(db)
  const known: readonly string[] = MIGRATIONS.map(({ name }) => name)
  const foreign = applied.filter((name) => !known.includes(name))
  if (foreign.length > 0) {
    throw new StackTachError(
      'config',
      `the database has the schema of a newer version (${foreign.join(', ')}); install that version of stacktach`,
    )
  }
  if (applied.length < known.length) {
    await requireOwnDatabase(db)
    throw new StackTachError(
      'config',
      'the database has no current schema; run `stv3 db upgrade -c FILE` first',
    )
  }
}

/** Tables of the first migration that other programs, StackTach.v3 among them, might have too. */
const TABLES: ReadonlySet<string> = new Set(['event', 'event_type', 'event_trait', 'stream', 'stream_event'])

/** Rejects with StackTachError where tables have the names of ours and no migration has made them. */
async function requireOwnDatabase(db: Kysely<Tables>): Promise<void> {
  if ((await appliedMigrations(db)).length > 0) return
  const names = (await db.introspection.getTables()).map(({ name }) => name)
  const found = names.filter((name) => TABLES.has(name))
  if (found.length === 0) return
  const isWinchester = names.some((name) => ONLY_IN_WINCHESTER.has(name))
  const message = isWinchester
    ? 'the database is one of StackTach.v3, which is not changed; `stv3 db import --from` reads it into another one'
    : `the database has tables that no migration has made (${found.join(', ')})`
  throw new StackTachError('config', `${message}; expected a database of its own, see docs/moving-over.md`)
}

async function appliedMigrations(db: Kysely<Tables>): Promise<string[]> {
  const tables = await db.introspection.getTables({ withInternalKyselyTables: true })
  if (!tables.some(({ name }) => name === 'kysely_migration')) return []
  const { rows } = await sql<{ name: string }>`select name from kysely_migration order by name`.execute(db)
  return rows.map(({ name }) => name)
}

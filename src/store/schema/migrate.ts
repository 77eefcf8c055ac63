import { type Kysely, sql } from 'kysely'
import { type Migration, type MigrationProvider, Migrator } from 'kysely/migration'
import { StackTachError } from '../../domain/errors.ts'
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

/** Applies what is missing; answers the names of the migrations that were applied. */
export async function upgradeSchema(db: Kysely<Tables>, types: ColumnTypes): Promise<string[]> {
  const { error, results } = await createMigrator(db, types).migrateToLatest()
  if (error) throw error
  return (results ?? [])
    .filter(({ status }) => status === 'Success')
    .map(({ migrationName }) => migrationName)
}

/** Every migration in order and when it was applied. */
export async function schemaStatus(db: Kysely<Tables>, types: ColumnTypes): Promise<MigrationState[]> {
  const migrations = await createMigrator(db, types).getMigrations()
  return migrations.map(({ name, executedAt }) => ({ name, appliedAt: executedAt }))
}

/** Throws unless the database has exactly the schema that this program was written for. */
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
    throw new StackTachError(
      'config',
      'the database has no current schema; run `stv3 db upgrade -c FILE` first',
    )
  }
}

async function appliedMigrations(db: Kysely<Tables>): Promise<string[]> {
  const tables = await db.introspection.getTables({ withInternalKyselyTables: true })
  if (!tables.some(({ name }) => name === 'kysely_migration')) return []
  const { rows } = await sql<{ name: string }>`select name from kysely_migration order by name`.execute(db)
  return rows.map(({ name }) => name)
}

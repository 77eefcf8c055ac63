import type { Command } from 'commander'
import { loadConfig } from '../../config/load-config.ts'
import type { OpenDatabase } from '../../store/dialect.ts'
import { schemaStatus, upgradeSchema } from '../../store/migrate.ts'
import { MYSQL_TYPES, SQLITE_TYPES } from '../../store/migrations/column-types.ts'
import { migrationSql } from '../../store/migrations/migrations.ts'
import { openDatabase } from '../open-store.ts'
import { createCommand, print } from '../program.ts'

type Options = { config: string; json?: true }

/** `stv3 db`: the schema of the database. */
export function dbCommand(): Command {
  const command = createCommand('db', 'manage the database', 'stv3 db upgrade -c config/winchester.yaml')
  command.addCommand(
    sub('upgrade', 'create the tables, or bring them up to date').action((options: Options) =>
      withDatabase(options, upgrade),
    ),
  )
  command.addCommand(
    sub('status', 'show which migrations have been applied')
      .option('--json', 'one JSON object a line')
      .action((options: Options) => withDatabase(options, (database) => status(database, options))),
  )
  command.addCommand(sub('sql', 'print the SQL of all migrations').action(printSql))
  return command
}

function sub(name: string, description: string): Command {
  return createCommand(name, description, `stv3 db ${name} -c config/winchester.yaml`).requiredOption(
    '-c, --config <file>',
    'winchester.yaml, or a yagi.conf that names one',
  )
}

async function withDatabase(
  options: Options,
  work: (database: OpenDatabase) => Promise<void>,
): Promise<void> {
  const config = await loadConfig(options.config, process.env)
  const database = await openDatabase(config.winchester.database.url, config.folder)
  try {
    await work(database)
  } finally {
    await database.db.destroy()
  }
}

/** Needs no connection: for the administrator of a database that is not ours to change. */
async function printSql({ config: file }: Options): Promise<void> {
  const { winchester } = await loadConfig(file, process.env)
  const types = winchester.database.url.startsWith('sqlite:') ? SQLITE_TYPES : MYSQL_TYPES
  await print(migrationSql(types))
}

async function upgrade({ db, dialect }: OpenDatabase): Promise<void> {
  const applied = await upgradeSchema(db, dialect.types)
  for (const name of applied) await print(`applied ${name}\n`)
  if (applied.length === 0) await print('the schema is up to date\n')
}

async function status({ db, dialect }: OpenDatabase, { json }: Options): Promise<void> {
  for (const { name, appliedAt } of await schemaStatus(db, dialect.types)) {
    const when = appliedAt?.toISOString()
    const line = json
      ? JSON.stringify({ name, applied_at: when ?? null })
      : `${name}  ${when ?? 'not applied'}`
    await print(`${line}\n`)
  }
}

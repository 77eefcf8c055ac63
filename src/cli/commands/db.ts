import { type Command, Option } from 'commander'
import { stopSignal } from '../../assembly/daemon.ts'
import { columnTypesOf, createStore, indexedTraits, openDatabase } from '../../assembly/open-store.ts'
import type { Config } from '../../config/load/config.ts'
import { loadConfig } from '../../config/load/load-config.ts'
import { nameOfDatabase } from '../../config/load/server-url.ts'
import { StackTachError } from '../../domain/errors.ts'
import { type DumpSink, writeDumpFile } from '../../dump/dump-file.ts'
import { exportDatabase } from '../../dump/export-database.ts'
import { importDatabase } from '../../dump/import-database.ts'
import { describeUnfinished, readUnfinished } from '../../replay/unfinished.ts'
import type { DumpCounts } from '../../store/copy/dump.ts'
import { openRestore } from '../../store/copy/restore.ts'
import type { OpenDatabase } from '../../store/dialect.ts'
import { schemaStatus, upgradeSchema } from '../../store/schema/migrate.ts'
import { migrationSql } from '../../store/schema/migrations/migrations.ts'
import { importFrom } from '../db/import-from.ts'
import { createCommand, print, UsageError } from '../program.ts'
import { tellWait } from '../tell-wait.ts'
import { grouped } from '../terminal/grouped.ts'
import { StatusLine } from '../terminal/status-line.ts'

type Options = { config: string; json?: true }
type StatusOptions = Options & { forRollback?: true }
type ImportOptions = Options & { restart?: true; from?: string; passwordFile?: string }

/** Creates `stv3 db`, which manages the schema and the contents of the database. */
export function dbCommand(): Command {
  const command = createCommand('db', 'manage the database', 'stv3 db upgrade -c config/winchester.yaml')
  command.addCommand(
    sub('upgrade', 'create the tables, or bring them up to date').action((options: Options) =>
      withDatabase(options, (database, config) => upgrade(database, config), MAY_CREATE),
    ),
  )
  command.addCommand(
    sub('status', 'show which migrations have been applied; exits 1 when some are not')
      .option('--json', 'one JSON object a line')
      .option(
        '--for-rollback',
        'exit 1 also while a replay has not ended, whose streams another release may not know',
      )
      .action((options: StatusOptions) =>
        withDatabase(options, (database, config) => status(database, config, options)),
      ),
  )
  command.addCommand(
    sub('export', 'write all events and streams into a file, as they are at this moment', 'dump.json.gz')
      .argument('<file>', 'readable by its owner only; packed where it ends in .gz; - is standard output')
      .action((file: string, options: Options) =>
        withDatabase(options, (database) => exportTo(file, database)),
      ),
  )
  command.addCommand(
    sub(
      'import',
      'fill an empty database with a file of db export, or with a database of StackTach.v3; ids are kept',
      'dump.json.gz',
    )
      .argument(
        '[file]',
        'a JSON object with events and streams, or one with such a member `db`; also gzipped; - is standard input',
      )
      .addOption(
        new Option(
          '--from <url>',
          "StackTach.v3's database, which is only read: mysql://USER@HOST/NAME; an interrupted import is gone on with",
        ).env('STACKTACH_IMPORT_FROM'),
      )
      .option('--password-file <file>', 'file with the password for --from, readable by its owner only')
      .option('--restart', 'first delete what an interrupted import has left')
      .action(importInto),
  )
  command.addCommand(sub('sql', 'print the SQL of all migrations').action(printSql))
  return command
}

function sub(name: string, description: string, file = ''): Command {
  const example = `stv3 db ${name} ${file && `${file} `}-c config/winchester.yaml`
  return createCommand(name, description, example).requiredOption(
    '-c, --config <file>',
    'winchester.yaml, or a yagi.conf that names one',
  )
}

const MAY_CREATE = { mayCreate: true }

async function withDatabase(
  options: Options,
  work: (database: OpenDatabase, config: Config) => Promise<void>,
  opening = { mayCreate: false },
): Promise<void> {
  const config = await loadConfig(options.config, process.env)
  const { url } = config.winchester.database
  const database = await tellWait(nameOfDatabase(url), openDatabase(url, config.folder, opening))
  try {
    await work(database, config)
  } finally {
    await database.db.destroy()
  }
}

/**
 * Prints the SQL of all migrations without a connection, for databases that only their administrator may
 * change.
 */
async function printSql({ config: file }: Options): Promise<void> {
  const { winchester } = await loadConfig(file, process.env)
  await print(migrationSql(columnTypesOf(winchester.database.url)))
}

async function upgrade(database: OpenDatabase, config: Config): Promise<void> {
  const applied = await upgraded(database, config)
  for (const name of applied) await print(`applied ${name}\n`)
  if (applied.length === 0) await print('the schema is up to date\n')
}

/**
 * Applies the missing migrations and returns their names. Waits for another upgrade, and for statements that use
 * the tables.
 */
function upgraded({ db, dialect }: OpenDatabase, { winchester }: Config): Promise<string[]> {
  const name = nameOfDatabase(winchester.database.url)
  return tellWait(`${name}, to bring its schema up to date`, upgradeSchema(db, dialect.types))
}

/**
 * Prints the migrations. Throws StackTachError after them when some are not applied, and, for a rollback, while a replay
 * has not ended.
 */
async function status(database: OpenDatabase, loaded: Config, options: StatusOptions): Promise<void> {
  const { db, dialect } = database
  const { winchester } = loaded
  const { json, config, forRollback } = options
  const reading = schemaStatus(db, dialect.types)
  const migrations = await tellWait(nameOfDatabase(winchester.database.url), reading)
  for (const { name, appliedAt } of migrations) {
    const when = appliedAt?.toISOString()
    const line = json
      ? JSON.stringify({ name, applied_at: when ?? null })
      : `${name}  ${when ?? 'not applied'}`
    await print(`${line}\n`)
  }
  const count = migrations.filter(({ appliedAt }) => !appliedAt).length
  if (count > 0 && !forRollback) {
    const told = `${count} ${count === 1 ? 'migration is' : 'migrations are'} not applied`
    throw new StackTachError('config', `${told}; run \`stv3 db upgrade -c ${config}\``)
  }
  const replay = forRollback && count === 0 && (await readUnfinished(await createStore(database, loaded)))
  if (replay) throw new StackTachError('conflict', `${describeUnfinished(replay)}; then roll back`)
}

async function exportTo(file: string, database: OpenDatabase): Promise<void> {
  const line = new StatusLine()
  let all: DumpCounts = { events: 0, streams: 0 }
  const write = async (sink: DumpSink) => {
    all = await exportDatabase(database, sink, (done, { events, streams }) =>
      line.show(() => `${tell(done)} of ${grouped(events)} and ${grouped(streams)}`),
    )
  }
  try {
    if (file === '-') await write({ write: print })
    else await writeDumpFile(file, stopSignal(), write)
  } finally {
    line.clear()
  }
  line.end(`exported ${tell(all)} to ${file === '-' ? 'standard output' : file}`)
}

function importInto(file: string | undefined, options: ImportOptions): Promise<void> {
  const { from } = options
  // The environment may name a database for other runs.
  if (file !== undefined)
    return withDatabase(
      options,
      (database, config) => importFile(file, database, config, options),
      MAY_CREATE,
    )
  if (from === undefined) throw new UsageError('expected a FILE, or --from mysql://USER@HOST/NAME')
  const work = async (database: OpenDatabase, config: Config) => {
    await upgraded(database, config)
    await importFrom(database, config, { ...options, from })
  }
  return withDatabase(options, work, MAY_CREATE)
}

async function importFile(
  file: string,
  database: OpenDatabase,
  config: Config,
  { restart }: ImportOptions,
): Promise<void> {
  await upgraded(database, config)
  const indexed = indexedTraits(config.triggers, config.winchester.indexed_traits)
  const line = new StatusLine()
  const restore = await openRestore(database, indexed, restart ? 'restart' : 'new')
  const importing = importDatabase(file, restore, stopSignal(), (done) => line.show(() => tell(done)))
  const counts = await importing.finally(() => line.clear())
  line.end(`imported ${tell(counts)}, as many as the file has`)
}

function tell({ events, streams }: DumpCounts): string {
  return `${grouped(events)} events and ${grouped(streams)} streams`
}

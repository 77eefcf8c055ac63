import type { Command } from 'commander'
import { indexPath } from '../../archive/file-index/file-index.ts'
import { indexFile, writeIndex } from '../../archive/packing/pack-file.ts'
import { findFiles } from '../../archive/reader/find-files.ts'
import { loadWholeConfig } from '../../config/load/load-config.ts'
import { catFiles } from '../archive/cat.ts'
import { listFiles } from '../archive/list.ts'
import { type RecordOptions, recordFilterOf, withRecordOptions } from '../archive/record-options.ts'
import { StoredCheck } from '../archive/stored-check.ts'
import { verifyFiles } from '../archive/verify.ts'
import { createCommand, print } from '../program.ts'
import { withConfiguredStore } from '../with-configured-store.ts'

type CatOptions = RecordOptions & { readonly config?: string; readonly json?: true }
type VerifyOptions = { readonly config?: string; readonly json?: true }

const FILES = 'files, folders or globs; lines or binary, also packed by gzip or zstd'

/** Creates `stv3 archive`, which lists, prints and checks the files of an archive. */
export function archiveCommand(): Command {
  const command = createCommand(
    'archive',
    'list, print and check the files that hold every raw notification',
    'stv3 archive cat done/ --where instance_id=1e3c0a64-… -c config/winchester.yaml',
  )
  command.addCommand(
    sub('ls', 'list files with sizes, time spans, counts and checksums', 'ls done/')
      .option('--json', 'one JSON object a line')
      .action((paths: readonly string[], { json }: { json?: true }) => listFiles(paths, json === true)),
  )
  command.addCommand(
    withRecordOptions(sub('cat', 'print notifications, one a line, as they came', 'cat done/ --from -1d'))
      .option('-c, --config <file>', 'winchester.yaml or yagi.conf with the event definitions for --where')
      .option('--json', '`{"metadata": {…}, "payload": "…"}` a line')
      .action(cat),
  )
  command.addCommand(
    sub(
      'verify',
      'check that files can be unpacked and have the content of their checksums, and in which order their notifications are; exits 1 when something is wrong',
      'verify done/ -c config/yagi.conf',
    )
      .option('-c, --config <file>', 'also check that each message is in the database of this configuration')
      .option('--json', 'one JSON object a line')
      .action(verify),
  )
  command.addCommand(
    sub('index', 'make the index of files anew', 'index done/').action(async (paths: readonly string[]) => {
      for (const file of await findFiles(paths)) {
        await writeIndex(indexPath(file), await indexFile(file))
        await print(`${indexPath(file)}\n`)
      }
    }),
  )
  return command
}

function sub(name: string, description: string, example: string): Command {
  return createCommand(name, description, `stv3 archive ${example}`).argument('<file...>', FILES)
}

async function cat(paths: readonly string[], options: CatOptions, command: Command): Promise<void> {
  const { config: file, where, json } = options
  if (where && file === undefined)
    command.error('stv3 archive cat: --where needs -c FILE, whose event definitions make traits', {
      exitCode: 2,
    })
  const config = where && file !== undefined ? await loadWholeConfig(file, process.env) : undefined
  if (!(await catFiles(paths, recordFilterOf(options, config), json === true))) process.exitCode = 1
}

async function verify(paths: readonly string[], { config: file, json }: VerifyOptions): Promise<void> {
  const check = async (stored?: StoredCheck) => {
    if (!(await verifyFiles(paths, stored, json === true))) process.exitCode = 1
  }
  if (file === undefined) return check()
  await withConfiguredStore(file, (store, config) => check(new StoredCheck(store, config)))
}

import { type Command, InvalidArgumentError, Option } from 'commander'
import { PROBE_KEY } from '../../assembly/ship/probe-target.ts'
import { loadShip } from '../../config/load/load-ship.ts'
import type { Zone } from '../../ship/log-sets/select-sets.ts'
import { createCommand, print, statusOption, TimeOption, UsageError } from '../program.ts'
import { describeDecision } from '../ship/describe-decision.ts'
import { explainLines } from '../ship/explain-lines.ts'
import { explainPath } from '../ship/explain-path.ts'
import { restoreShipped } from '../ship/restore.ts'
import { runShip } from '../ship/run.ts'
import { checkShip, requireShip } from '../ship/ship-check.ts'
import { verifyShipped } from '../ship/verify.ts'

const CONFIG = 'ship.yaml, or a list of log sets such as logsets.json'

type ExplainOptions = {
  readonly config?: string
  /** in microseconds */
  readonly now?: number
  readonly jsonl?: true
  readonly json?: true
}

/** Creates `stv3 ship`, which ships files to a store and deletes them when their retention is over. */
export function shipCommand(): Command {
  return createCommand(
    'ship',
    'ship files to a store, and delete them when they are verified there and their retention is over',
    'stv3 ship check -c ship.yaml',
  )
    .addCommand(runCommand(), { isDefault: true })
    .addCommand(checkCommand())
    .addCommand(explainCommand())
    .addCommand(verifyCommand())
    .addCommand(restoreCommand())
}

function runCommand(): Command {
  return createCommand(
    'run',
    'the agent: finds files, waits until they are quiet, ships them, has the store compare them, and deletes them when their retention is over',
    'stv3 ship -c ship.yaml\n  stv3 ship -c ship.yaml --dry-run\n  stv3 ship -c ship.yaml --once --json\n  stv3 ship --server https://ship.example.org:9999 --token-file /etc/stv3/ship-token',
  )
    .option('-c, --config <file>', 'ship.yaml; with a server only for the limits of this host')
    .option('--server <url>', 'the stv3 ship-server that says what is shipped')
    .option(
      '--token-file <file>',
      "with --server, the file with this host's token, readable by its owner only",
    )
    .option('--ca <file>', 'with --server, the certificate of its authority')
    .option('--name <host>', 'with --server, the name of this host (default: the name of the machine)')
    .option(
      '--state <folder>',
      'with --server, the folder of the journal and of the last configuration (default: that of the journal of -c, else the present one)',
    )
    .option('--root <folder>', 'with --server, the folder in which the paths of this host begin')
    .option('--insecure', 'with --server, whether the token may pass in clear')
    .option('--once', 'one look at all files; exits 1 when something could not be shipped or deleted')
    .option('--dry-run', 'say what would be done with each file, and do nothing of it')
    .addOption(new TimeOption('--now <time>', 'with --once or --dry-run, the time to decide at'))
    .option('--json', 'with --once or --dry-run, one JSON object a line for each file and log set')
    .addOption(statusOption(''))
    .action(runShip)
}

function verifyCommand(): Command {
  return createCommand(
    'verify',
    'compare each object that was shipped with what the store has; exits 1 when one is missing or differs',
    'stv3 ship verify -c ship.yaml',
  )
    .requiredOption('-c, --config <file>', 'ship.yaml')
    .option('--json', 'one JSON object a line for each object')
    .action(verifyShipped)
}

function restoreCommand(): Command {
  return createCommand(
    'restore',
    'fetch a shipped object back into a new file, and compare it with the journal',
    'stv3 ship restore /ops/stor/2026/11/30/app.log -c ship.yaml --output app.log',
  )
    .argument('<target>', 'the target of the file, as stv3 ship explain prints it')
    .requiredOption('-c, --config <file>', 'ship.yaml')
    .requiredOption('--output <file>', 'the file to write; one that is there is not overwritten')
    .option('--target <name>', 'the target that has it, where there are several')
    .option('--raw', 'as the store has it: what was packed or encrypted stays so')
    .action(restoreShipped)
}

function checkCommand(): Command {
  return createCommand(
    'check',
    'validate log sets and targets, with the place of each fault',
    'stv3 ship check -c logsets.json\n  stv3 ship check -c ship.yaml --connect\n  stv3 ship check -c ship.yaml --sets --zone 7f3a=web',
  )
    .requiredOption('-c, --config <file>', CONFIG)
    .option('--sets', 'print the log sets that apply to this host, one JSON object a line')
    .addOption(
      new Option('--zone <uuid=role>', 'a zone of this host, beside those of the file; may be repeated')
        .argParser(addZone)
        .default([], 'none'),
    )
    .option(
      '--connect',
      `also ask each target whether it creates an object only where there is none; writes one, ${PROBE_KEY}`,
    )
    .option('--json', 'one JSON object a line for each finding')
    .action(checkShip)
}

function addZone(text: string, known: readonly Zone[]): readonly Zone[] {
  const [, uuid, role] = /^([^/=]+)=(.+)$/.exec(text) ?? []
  if (uuid === undefined || role === undefined) throw new InvalidArgumentError('expected UUID=ROLE.')
  return [...known, { uuid, role }]
}

function explainCommand(): Command {
  return createCommand(
    'explain',
    'say what each log set makes of a file, and why',
    'stv3 ship explain /var/log/app/2026-11-30.log -c ship.yaml --now 2026-12-01T00:00:00',
  )
    .argument('[path...]', 'files of this machine; one that is missing is taken as an old file')
    .option('-c, --config <file>', CONFIG)
    .addOption(new TimeOption('--now <time>', 'the time to decide at; the present unless given'))
    .option(
      '--jsonl',
      'decide lines {"set", "path", "zone", "user", "datacenter", "node", "customer", "mtime", "size", "now"} of standard input',
    )
    .option('--json', 'one JSON object a line')
    .action(explain)
}

async function explain(
  paths: readonly string[],
  { config: file, now, jsonl, json }: ExplainOptions,
): Promise<void> {
  const at = now === undefined ? Date.now() : now / 1000
  if (jsonl && paths.length > 0) throw new UsageError('--jsonl takes paths from its lines')
  if (jsonl) {
    const config = file === undefined ? undefined : (await loadShip(file)).config
    for await (const form of explainLines(config, at)) await print(`${JSON.stringify(form)}\n`)
    return
  }
  if (paths.length === 0) throw new UsageError('expected a path, or --jsonl')
  if (file === undefined) throw new UsageError('expected -c FILE with the log sets')
  const config = await requireShip(file)
  for (const path of paths)
    for (const form of await explainPath(config, path, at))
      await print(json ? `${JSON.stringify(form)}\n` : describeDecision(form))
}

import { readFile } from 'node:fs/promises'
import { type Command, InvalidArgumentError } from 'commander'
import { stopSignal } from '../../assembly/daemon.ts'
import { loadConfig } from '../../config/load/load-config.ts'
import type { DeploymentStatus } from '../../deployment-status/deployment-status.ts'
import {
  configuredProcesses,
  type ExpectedProcesses,
  PROCESS_FORM,
  parseExpected,
  parseProcessList,
} from '../../deployment-status/expected-processes.ts'
import { type DeploymentParts, readDeployment } from '../../deployment-status/read-deployment.ts'
import { ConfigError, messageOf } from '../../domain/errors.ts'
import { sleep } from '../../runtime/backoff.ts'
import { createCommand, parsePositive, parseWhole, print, printStyled } from '../program.ts'
import { type Expectation, parseExpectation } from '../status/expectation.ts'
import { TOKEN_VARIABLE } from '../status/relay-options.ts'
import { showStatusTree } from '../status/show-status-tree.ts'
import { formatStatusPage } from '../status-page.ts'
import { tellWait } from '../tell-wait.ts'

type Options = {
  config?: string
  parts?: string
  at?: readonly ExpectedProcesses[]
  maxDepth: number
  watch?: true
  every: number
  json?: true
  prefix?: string
  expect?: readonly Expectation[]
}

const DEEP = 10_000
const WATCH_S = 5
const CLEAR = '\u001b[H\u001b[2J'

/** Creates `stv3 status`, which prints one page over all parts of a deployment. */
export function statusCommand(): Command {
  return createCommand(
    'status',
    'print one page over all parts of a deployment, what is wrong first: daemons, queues, archives, database, streams, dead letters, event clock',
    `stv3 status -c config/yagi.conf
  stv3 status http://127.0.0.1:9091/ --expect east/consumer.state=running
  stv3 status -c config/yagi.conf --at consumer=127.0.0.1:9101 worker=127.0.0.1:9105
  stv3 status -c config/yagi.conf --parts daemons.txt --watch`,
  )
    .argument('[url]', 'print the status tree at this address, not the page over all parts')
    .option(
      '-c, --config <file>',
      'yagi.conf, or a winchester.yaml, of which there are no queues and archives',
    )
    .option(
      '--parts <file>',
      'addresses of the status of daemons, one a line: [ROLE] HOST:PORT, or HOST:PORT-PORT; - is standard input (default: status of winchester.yaml)',
    )
    .option('--at <address...>', 'such addresses, with a role as ROLE=HOST:PORT', parseAt)
    .option('--max-depth <n>', 'a queue with more messages is wrong', parseWhole(0), DEEP)
    .option('--watch', 'look again and again, until Ctrl-C')
    .option('--every <s>', 'seconds between two looks of --watch', parsePositive, WATCH_S)
    .option('--json', 'one JSON object for each look, or for each key of a status tree')
    .option('--prefix <text>', 'of a status tree, only keys that begin so')
    .option(
      '--expect <key=value...>',
      'of a status tree, keys that must have these values, else the command ends with 1',
      parseExpectation,
    )
    .addHelpText('after', `\nEnvironment:\n  ${TOKEN_VARIABLE}  token for a status tree`)
    .action(status)
}

async function status(url: string | undefined, options: Options, command: Command): Promise<void> {
  if (url !== undefined)
    return showStatusTree(url, { ...options, program: 'stv3', token: process.env[TOKEN_VARIABLE] })
  if (options.expect || options.prefix !== undefined)
    command.error('error: --expect and --prefix need the address of a status tree', { exitCode: 2 })
  if (options.config === undefined && !options.parts && !options.at)
    command.error('error: expected --config, --parts, --at or the address of a status tree', { exitCode: 2 })
  const parts = await partsOf(options)
  let found = await look(parts, options)
  if (options.watch) {
    const signal = stopSignal()
    while (!signal.aborted) {
      await sleep(options.every * 1000, signal)
      if (!signal.aborted) found = await show(await readDeployment(parts), options)
    }
  }
  if (found.problems.length > 0) process.exitCode = 1
}

async function look(parts: DeploymentParts, options: Options): Promise<DeploymentStatus> {
  return show(await tellWait('all parts to answer', readDeployment(parts)), options)
}

async function partsOf({ config: file, parts: list, at = [], maxDepth }: Options): Promise<DeploymentParts> {
  const config = file === undefined ? undefined : await loadConfig(file, process.env)
  const given = [...at, ...(list === undefined ? [] : await readParts(list))]
  const named = at.length > 0 || list !== undefined
  const processes = named || !config ? given : configuredProcesses(config)
  return { config, processes, maxDepth }
}

async function readParts(file: string): Promise<readonly ExpectedProcesses[]> {
  const [path, name] = file === '-' ? ['/dev/stdin', 'standard input'] : [file, file]
  const text = await readFile(path, 'utf8').catch((error) => {
    throw new ConfigError(`cannot read ${name}: ${messageOf(error)}`)
  })
  const parsed = parseProcessList(text)
  if ('processes' in parsed) return parsed.processes
  const found = JSON.stringify(parsed.text)
  throw new ConfigError(`${name}:${parsed.line}: expected ${PROCESS_FORM}, found ${found}`)
}

function parseAt(text: string, others: readonly ExpectedProcesses[] = []): readonly ExpectedProcesses[] {
  const parsed = parseExpected(text)
  if (!parsed) throw new InvalidArgumentError('expected HOST:PORT, HOST:PORT-PORT or ROLE=HOST:PORT.')
  return [...others, parsed]
}

/** Prints a look. On a terminal that watches, it takes the place of the one before. */
async function show(found: DeploymentStatus, { json, watch }: Options): Promise<DeploymentStatus> {
  if (json) await print(`${JSON.stringify(jsonOf(found))}\n`)
  else {
    if (watch && process.stdout.isTTY) await printStyled(CLEAR)
    await print(`${watch ? `${found.at}\n` : ''}${formatStatusPage(found, process.stdout.columns)}\n`)
  }
  return found
}

/** Returns a look with the names of its parts as in the rest of the program's JSON. */
function jsonOf({ problems, ...found }: DeploymentStatus): object {
  return snakeCased({ ok: problems.length === 0, problems, ...found }) as object
}

/** Kinds of dead letters and streams are values, not names. */
function snakeCased(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(snakeCased)
  if (typeof value !== 'object' || value === null) return value ?? null
  return Object.fromEntries(
    Object.entries(value).map(([name, one]) => [
      name.replace(/(?<=[a-z])[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      name === 'deadLetters' || name === 'streams' ? (one ?? null) : snakeCased(one),
    ]),
  )
}

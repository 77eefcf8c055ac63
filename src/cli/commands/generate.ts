import { type Command, Option } from 'commander'
import { stopSignal } from '../../assembly/daemon.ts'
import { nameOfBrokers, openBroker } from '../../assembly/open-broker.ts'
import { queueOf } from '../../assembly/queue-of.ts'
import { publishAll } from '../../broker/publish-all.ts'
import { createFastClock } from '../../clock/event-clock.ts'
import { loadConfig } from '../../config/load/load-config.ts'
import { messageOf, StackTachError } from '../../domain/errors.ts'
import { formatIso } from '../../domain/time.ts'
import { describe } from '../../notigen/description.ts'
import { USAGE_RULES, type UsageRules } from '../../notigen/expected/usage-result.ts'
import { pace } from '../../notigen/pace.ts'
import { type Simulated, type SimulationOptions, simulate } from '../../notigen/simulation.ts'
import { createLineFile, standardOutput } from '../generate/line-output.ts'
import { printDescription, printDescriptionJson } from '../generate/print-description.ts'
import { Progress } from '../generate/progress.ts'
import {
  addSimulationOptions,
  type CloudFlags,
  orderedCodes,
  simulationOptionsOf,
} from '../generate/simulation-options.ts'
import { writeLines } from '../generate/write-lines.ts'
import { loggerOf } from '../logger-of.ts'
import { createCommand, parsePositive, printNote } from '../program.ts'
import { tellWait } from '../tell-wait.ts'

type Options = CloudFlags & {
  readonly to: 'amqp' | 'file' | '-'
  readonly output?: string
  readonly config?: string
  readonly queue?: string
  readonly speed?: number
  readonly realtime?: true
  readonly describe?: true
  readonly rules: UsageRules
  readonly json?: true
  readonly logLevel?: string
}

/** Creates `stv3 generate`, the notification simulator. */
export function generateCommand(): Command {
  const command = createCommand(
    'generate',
    'simulate the notifications of a Nova cloud; the same options give the same bytes',
    `stv3 generate --seed 7 --duration 1d --to file --output day.jsonl
  stv3 generate --duration 1d --u5 10% --late 1% --describe
  stv3 generate --duration 1d --audit hour --format versioned --describe
  stv3 generate --realtime --operations-per-hour 3600 --to amqp -c config/yagi.conf`,
  )
  return addSimulationOptions(command)
    .optionsGroup('Output and speed:')
    .addOption(
      new Option('--to <where>', 'RabbitMQ, a file, or standard output')
        .choices(['amqp', 'file', '-'])
        .default('-'),
    )
    .addOption(
      new Option('--output <file>', 'write JSON lines to this file, which must not exist').implies({
        to: 'file',
      }),
    )
    .option('-c, --config <file>', 'with --to amqp: the yagi.conf that names broker and queue')
    .option('--queue <name>', 'with --to amqp: one of its queues (default: the first)')
    .addOption(new Option('--realtime', 'in real time, from now on').conflicts('speed'))
    .option(
      '--speed <n>',
      'this many times as fast as real time (default: as fast as possible)',
      parsePositive,
    )
    .optionsGroup('Instead of notifications:')
    .option(
      '--describe',
      'print what the run contains, and what the shipped configuration must make of it by the clock of the notifications (STACKTACH_TIME_SYNC, or in real time); for --audit day@N with STACKTACH_DAY_BEGINS=Nh',
    )
    .addOption(
      new Option(
        '--rules <rules>',
        'with --describe: rules by which usage is verified; the shipped pipelines.yaml has practical',
      )
        .choices(USAGE_RULES)
        .default('practical'),
    )
    .option('--json', 'with --describe: a JSON line for the run, then one for each stream')
    .action(generate)
}

async function generate(options: Options, command: Command): Promise<void> {
  requireConsistent(options, command)
  const simulation = simulationOptionsOf(options, options.realtime && Date.now() * 1000)
  if (options.describe) {
    const printAs = options.json ? printDescriptionJson : printDescription
    return printAs(simulation, describe(simulation, options.rules), options.rules)
  }
  const signal = stopSignal()
  const { start, end = start } = simulation
  const progress = new Progress(process.stderr, { start, end })
  if (options.to === 'amqp') await toBroker(simulation, options, progress, signal)
  else await toLines(simulation, options, progress, signal)
}

/** Rejects combinations in which an option would be ignored: they are wrong usage. */
function requireConsistent(options: Options, command: Command): void {
  const { to, output, config, queue, describe, json, audit, format, rules } = options
  const refuse = (message: string): never => command.error(`error: ${message}`, { exitCode: 2 })
  const [ordered] = orderedCodes(options)
  if (audit.unit === 'hour' && ordered) refuse(`${ordered} goes with daily audits, not with --audit hour`)
  if (json && !describe) refuse('--json goes with --describe')
  if (!describe && command.getOptionValueSource('rules') !== 'default') refuse('--rules goes with --describe')
  if (rules === 'stacktach' && format === 'versioned')
    refuse('--rules stacktach is about old-style notifications, not about --format versioned')
  if (describe && command.getOptionValueSource('to') !== 'default')
    refuse('--describe writes no notifications')
  if (to === 'file' && output === undefined) refuse('--to file needs --output FILE')
  if (to !== 'file' && output !== undefined) refuse('--output goes with --to file')
  if (to === 'amqp' && config === undefined)
    refuse('--to amqp needs the yagi.conf that names broker and queue: -c FILE')
  if (to !== 'amqp' && (config ?? queue) !== undefined) refuse('--config and --queue go with --to amqp')
}

/** Returns the messages of a simulation, each held back until its time if a speed is given. */
function paced(
  simulation: SimulationOptions,
  speed: number | undefined,
  signal: AbortSignal,
): Iterable<Simulated> | AsyncIterable<Simulated> {
  const messages = simulate(simulation)
  if (speed === undefined) return messages
  return pace(messages, createFastClock(simulation.start, speed), speed, signal)
}

function speedOf({ realtime, speed }: Options): number | undefined {
  return realtime ? 1 : speed
}

async function toBroker(
  simulation: SimulationOptions,
  options: Options,
  progress: Progress,
  signal: AbortSignal,
): Promise<void> {
  const file = options.config as string
  const { yagi } = await loadConfig(file, process.env)
  const { broker: settings, queue: spec } = queueOf(yagi, options.queue, file)
  const logger = loggerOf(options)
  const broker = await openBroker(settings, logger)
  let summary = ''
  try {
    const publisher = await tellWait(nameOfBrokers(settings), broker.openPublisher())
    let at = simulation.start
    const bodies = (async function* () {
      for await (const message of paced(simulation, speedOf(options), signal)) {
        at = message.at
        yield Buffer.from(message.body)
      }
    })()
    const onPublished = () => progress.add(1, at)
    const { hindrance } = broker
    await publishAll(bodies, { publisher, spec, logger, signal, hindrance, onPublished })
    await publisher.close()
  } finally {
    summary = progress.end()
    await broker.close()
  }
  if (signal.aborted) throw stopped(progress, `${progress.count} notifications were published`)
  printNote(`published to ${spec.queue}: ${summary}`)
}

async function toLines(
  simulation: SimulationOptions,
  options: Options,
  progress: Progress,
  signal: AbortSignal,
): Promise<void> {
  const { to, output: path } = options
  const output = to === 'file' ? await createLineFile(path as string) : standardOutput()
  const speed = speedOf(options)
  const written = () =>
    to === 'file' ? `it holds the first ${progress.count} notifications` : 'the output is incomplete'
  let summary = ''
  try {
    await writeLines(paced(simulation, speed, signal), output, {
      signal,
      isPaced: speed !== undefined,
      onWritten: (count, at) => progress.add(count, at),
    })
    await output.close()
  } catch (error) {
    if (!(error instanceof StackTachError)) throw error
    throw new StackTachError(error.code, `${messageOf(error)}; ${written()}`)
  } finally {
    summary = progress.end()
  }
  if (signal.aborted) throw stopped(progress, to === 'file' ? `${output.name}: ${written()}` : written())
  if (to === 'file') printNote(`wrote ${output.name}: ${summary}`)
}

/** Returns the error for an interrupted run, so that its output is not taken for the whole. */
function stopped({ at }: Progress, rest: string): StackTachError {
  return new StackTachError('io', `stopped at ${formatIso(at).slice(0, 19)} of the simulation; ${rest}`)
}

import { type Command, Option } from 'commander'
import { loadConfig } from '../../config/load-config.ts'
import { ConfigError, InvalidError, messageOf, StackTachError } from '../../domain/errors.ts'
import { describe } from '../../notigen/description.ts'
import { bodiesOf, pace } from '../../notigen/pace.ts'
import { publishAll } from '../../notigen/publish.ts'
import { type Simulated, type SimulationOptions, simulate } from '../../notigen/simulation.ts'
import { createFastClock } from '../../runtime/event-clock.ts'
import { stopSignal } from '../daemon.ts'
import { createLineFile, type LineOutput, standardOutput } from '../generate/line-output.ts'
import { printDescription, printDescriptionJson } from '../generate/print-description.ts'
import { Progress } from '../generate/progress.ts'
import { addSimulationOptions, type CloudFlags, simulationOptionsOf } from '../generate/simulation-options.ts'
import { openBroker } from '../open-broker.ts'
import { createCommand, loggerOf, parsePositive } from '../program.ts'
import { queueOf } from '../queue-of.ts'

type Options = CloudFlags & {
  readonly to: 'amqp' | 'file' | '-'
  readonly output?: string
  readonly config?: string
  readonly queue?: string
  readonly speed?: number
  readonly realtime?: true
  readonly describe?: true
  readonly json?: true
  readonly logLevel?: string
}

/** `stv3 generate`: the notification simulator. */
export function generateCommand(): Command {
  const command = createCommand(
    'generate',
    'simulate the notifications of a Nova cloud; the same options give the same bytes',
    `stv3 generate --seed 7 --duration 1d --to file --output day.jsonl
  stv3 generate --duration 1d --u5 10% --late 1% --describe
  stv3 generate --realtime --operations-per-hour 3600 --to amqp -c config/yagi.conf`,
  )
  return addSimulationOptions(command)
    .optionsGroup('Where to, and how fast:')
    .addOption(
      new Option('--to <where>', 'RabbitMQ, a file, or standard output')
        .choices(['amqp', 'file', '-'])
        .default('-'),
    )
    .option('--output <file>', 'with --to file: JSON lines go here; it must not exist')
    .option('-c, --config <file>', 'with --to amqp: the yagi.conf that names broker and queue')
    .option('--queue <name>', 'with --to amqp: one of its queues (default: the first)')
    .addOption(new Option('--realtime', 'as fast as life, from now on').conflicts('speed'))
    .option('--speed <n>', 'so many times as fast as life (default: as fast as possible)', parsePositive)
    .optionsGroup('Instead:')
    .option('--describe', 'print what the run contains and what must become of it under the shipped config')
    .option('--json', 'with --describe: a JSON line for the run, then one for each stream')
    .action(generate)
}

async function generate(options: Options): Promise<void> {
  const simulation = simulationOptionsOf(options, options.realtime && Date.now() * 1000)
  if (options.json && !options.describe) throw new InvalidError('--json goes with --describe')
  if (options.describe) {
    const printAs = options.json ? printDescriptionJson : printDescription
    return printAs(simulation, describe(simulation))
  }
  const signal = stopSignal()
  const { start, end = start } = simulation
  const progress = new Progress(process.stderr, { start, end })
  if (options.to === 'amqp') await toBroker(simulation, options, progress, signal)
  else await toLines(simulation, options, progress, signal)
}

/** The messages, held back until their time where a speed is asked for. */
function paced(
  simulation: SimulationOptions,
  { realtime, speed = realtime ? 1 : undefined }: Options,
  signal: AbortSignal,
): Iterable<Simulated> | AsyncIterable<Simulated> {
  const messages = simulate(simulation)
  if (speed === undefined) return messages
  return pace(messages, createFastClock(simulation.start, speed), speed, signal)
}

async function toBroker(
  simulation: SimulationOptions,
  options: Options,
  progress: Progress,
  signal: AbortSignal,
): Promise<void> {
  if (!options.config)
    throw new ConfigError('--to amqp needs the yagi.conf that names broker and queue: -c FILE')
  const { yagi } = await loadConfig(options.config, process.env)
  const { broker: settings, queue: spec } = queueOf(yagi, options.queue, options.config)
  const logger = loggerOf(options)
  const broker = await openBroker(settings, logger)
  try {
    const publisher = await broker.openPublisher()
    let at = simulation.start
    const messages = (async function* () {
      for await (const message of paced(simulation, options, signal)) {
        at = message.at
        yield message
      }
    })()
    const onPublished = () => progress.add(1, at)
    await publishAll(bodiesOf(messages), { publisher, spec, logger, signal, onPublished })
    process.stderr.write(`published to ${spec.queue}: ${progress.end()}\n`)
    await publisher.close()
  } finally {
    await broker.close()
  }
}

const CHUNK_LENGTH = 1 << 20

async function toLines(
  simulation: SimulationOptions,
  options: Options,
  progress: Progress,
  signal: AbortSignal,
): Promise<void> {
  const output = await openOutput(options)
  try {
    await writeLines(paced(simulation, options, signal), output, options, progress, signal)
    await output.close()
  } catch (error) {
    if (!(error instanceof StackTachError)) throw error
    progress.end()
    const { count } = progress
    const rest = options.to === 'file' ? `it holds the first ${count} notifications` : 'not all is written'
    throw new StackTachError(error.code, `${messageOf(error)}; ${rest}`)
  }
  const summary = progress.end()
  if (options.to === 'file') process.stderr.write(`wrote ${output.name}: ${summary}\n`)
}

async function writeLines(
  messages: Iterable<Simulated> | AsyncIterable<Simulated>,
  output: LineOutput,
  options: Options,
  progress: Progress,
  signal: AbortSignal,
): Promise<void> {
  const isPaced = options.realtime || options.speed !== undefined
  let chunk = ''
  let count = 0
  let last = 0
  const flush = async () => {
    await output.write(chunk)
    progress.add(count, last)
    chunk = ''
    count = 0
  }
  for await (const { at, body } of messages) {
    if (signal.aborted) break
    chunk += `${body}\n`
    count++
    last = at
    if (isPaced || chunk.length >= CHUNK_LENGTH) await flush()
  }
  await flush()
}

async function openOutput({ to, output }: Options): Promise<LineOutput> {
  if (to === '-') return standardOutput()
  if (!output) throw new ConfigError('--to file needs --output FILE')
  return createLineFile(output)
}

import { open } from 'node:fs/promises'
import { type Command, InvalidArgumentError, Option } from 'commander'
import { loadConfig } from '../../config/load-config.ts'
import { ConfigError, InvalidError, messageOf, StackTachError } from '../../domain/errors.ts'
import { instantFromMicros, type Micros, microsFromInstant, parseIso } from '../../domain/time.ts'
import { bodiesOf, bodyOf, pace } from '../../notigen/pace.ts'
import { publishAll } from '../../notigen/publish.ts'
import { type Simulated, simulate } from '../../notigen/simulation.ts'
import { createFastClock } from '../../runtime/event-clock.ts'
import { shiftTime, sumDuration } from '../../timex/duration.ts'
import { parseTimex } from '../../timex/parser.ts'
import { stopSignal } from '../daemon.ts'
import { openBroker } from '../open-broker.ts'
import { createCommand, loggerOf, parsePositive, parseWhole, print } from '../program.ts'

type Options = {
  seed: number
  start: Micros
  duration: string
  instances: number
  operationsPerHour: number
  to: 'amqp' | 'file' | '-'
  output?: string
  config?: string
  speed?: number
  logLevel?: string
}

/** `stv3 generate`: the notification simulator. */
export function generateCommand(): Command {
  return createCommand(
    'generate',
    'simulate the notifications of a Nova cloud',
    'stv3 generate --seed 7 --duration 1d --to file --output day.jsonl',
  )
    .option('--seed <n>', 'another number gives another cloud', parseWhole(0), 1)
    .option('--start <time>', 'ISO 8601, UTC', parseTime, parseIso('2026-01-01T00:00:00') as Micros)
    .option('--duration <duration>', 'how much time is simulated, such as 36h or 2d', '1d')
    .option('--instances <n>', 'instances that are there at the start', parseWhole(0), 50)
    .option('--operations-per-hour <n>', 'over all instances, on average', parsePositive, 20)
    .addOption(new Option('--to <where>', 'where to').choices(['amqp', 'file', '-']).default('-'))
    .option('--output <file>', 'with --to file: JSON lines go here; it must not exist')
    .option('-c, --config <file>', 'with --to amqp: the yagi.conf that names broker and queue')
    .option('--speed <n>', 'so many times as fast as life (default: as fast as possible)', parsePositive)
    .action(generate)
}

function parseTime(text: string): Micros {
  const time = parseIso(text)
  if (time === undefined)
    throw new InvalidArgumentError('expected an ISO 8601 time, such as 2026-01-01T00:00:00.')
  return time
}

async function generate(options: Options): Promise<void> {
  const signal = stopSignal()
  const { start } = options
  const simulated = simulate({ ...options, end: endOf(start, options.duration) })
  const paced = options.speed
    ? pace(simulated, createFastClock(start, options.speed), options.speed, signal)
    : simulated
  if (options.to === 'amqp') await toAmqp(toAsync(paced), options, signal)
  else await toLines(paced, options, signal)
}

/** The moment a duration such as `1d 6h` after the start. */
function endOf(start: Micros, duration: string): Micros {
  const expression = parseTimex(`$start + ${duration}`)
  if (expression.kind !== 'shift') throw new InvalidError(`--duration: ${duration} is no duration such as 1d`)
  const end = shiftTime(instantFromMicros(start), '+', sumDuration(expression.duration, 'second'))
  return Math.max(microsFromInstant(end), start)
}

async function* toAsync(
  notifications: Iterable<Simulated> | AsyncIterable<Simulated>,
): AsyncGenerator<Simulated> {
  yield* notifications
}

async function toAmqp(
  notifications: AsyncIterable<Simulated>,
  options: Options,
  signal: AbortSignal,
): Promise<void> {
  if (!options.config)
    throw new ConfigError('--to amqp needs the yagi.conf that names broker and queue: -c FILE')
  const { yagi } = await loadConfig(options.config, process.env)
  const [spec] = yagi?.queues ?? []
  if (!yagi || !spec) throw new ConfigError(`${options.config} names no queue; expected a yagi.conf`)
  const logger = loggerOf(options)
  const broker = await openBroker(yagi.broker, logger)
  try {
    const publisher = await broker.openPublisher()
    const count = await publishAll(bodiesOf(notifications), { publisher, spec, logger, signal })
    process.stderr.write(`published ${count} notifications to ${spec.queue}\n`)
    await publisher.close()
  } finally {
    await broker.close()
  }
}

const CHUNK_BYTES = 1 << 20

async function toLines(
  notifications: Iterable<Simulated> | AsyncIterable<Simulated>,
  options: Options,
  signal: AbortSignal,
): Promise<void> {
  const write = await openOutput(options)
  let chunk = ''
  for await (const simulated of notifications) {
    if (signal.aborted) break
    chunk += `${bodyOf(simulated)}\n`
    if (chunk.length < CHUNK_BYTES && !options.speed) continue
    await write(chunk)
    chunk = ''
  }
  await write(chunk)
}

async function openOutput({ to, output }: Options): Promise<(text: string) => Promise<void>> {
  if (to === '-') {
    return print
  }
  if (!output) throw new ConfigError('--to file needs --output FILE')
  try {
    const file = await open(output, 'wx')
    return async (text) => void (await file.appendFile(text))
  } catch (error) {
    throw new StackTachError('config', `cannot write ${output}: ${messageOf(error)}`)
  }
}

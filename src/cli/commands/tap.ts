import type { Command } from 'commander'
import { stopSignal } from '../../assembly/daemon.ts'
import { nameOfBrokers, openBroker } from '../../assembly/open-broker.ts'
import { openTap, type Tapped, tapSpecOf } from '../../assembly/tap.ts'
import { loadConfig } from '../../config/load/load-config.ts'
import type { QueueSettings } from '../../config/load/yagi-settings.ts'
import { ConfigError } from '../../domain/errors.ts'
import { restTraits } from '../../formats/rest-form.ts'
import { compileGlob } from '../../text/glob.ts'
import { stringifyJson } from '../../text/json.ts'
import { maskSecrets, maskValues } from '../../text/mask-secrets.ts'
import { printable } from '../../text/printable.ts'
import { loggerOf } from '../logger-of.ts'
import { createCommand, parseWhole, print, printNote } from '../program.ts'

type Options = {
  readonly config: string
  readonly queue?: string
  readonly event?: string
  readonly limit?: number
  readonly json?: true
  readonly logLevel?: string
}

/** Creates `stv3 tap`, which prints what comes in and what becomes of it, without taking messages away. */
export function tapCommand(): Command {
  return createCommand(
    'tap',
    'print what comes in and what a consumer would make of it, without taking messages away, until Ctrl-C',
    `stv3 tap -c config/yagi.conf
  stv3 tap -c config/yagi.conf --event 'compute.*' --limit 20`,
  )
    .requiredOption('-c, --config <file>', 'the yagi.conf that names broker and queues')
    .option('--queue <name>', 'only what comes into one of its queues (default: all)')
    .option('--event <pattern>', 'only notifications of these types: compute.*')
    .option('--limit <n>', 'end after so many lines', parseWhole(1))
    .option('--json', 'one JSON object a line')
    .action(tap)
}

async function tap(options: Options): Promise<void> {
  const stop = stopSignal()
  const enough = new AbortController()
  const signal = AbortSignal.any([stop, enough.signal])
  const logger = loggerOf(options)
  const config = await loadConfig(options.config, process.env)
  const { yagi } = config
  if (!yagi) throw new ConfigError(`${options.config} is no yagi.conf, which names the queues`)
  const queues = queuesOf(yagi.queues, options)
  for (const settings of queues) tapSpecOf(settings)
  const accepts = options.event === undefined ? () => true : compileGlob(options.event)
  const broker = await openBroker(yagi.broker, logger)
  let count = 0
  const show = async (tapped: Tapped) => {
    if (signal.aborted || !accepts(tapped.eventType ?? '')) return
    count++
    await print(options.json ? `${jsonOf(tapped)}\n` : `${printable(lineOf(tapped))}\n`)
    if (count === options.limit) enough.abort()
  }
  try {
    printNote(`tapping ${queues.map(({ queue }) => queue).join(', ')} of ${nameOfBrokers(yagi.broker)}`)
    const taps = queues.map((settings) => openTap({ broker, config, settings, logger }, show))
    if (!signal.aborted)
      await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
    await Promise.all(taps.map((one) => one.close()))
  } finally {
    await broker.close()
  }
}

function queuesOf(queues: readonly QueueSettings[], { queue, config }: Options): readonly QueueSettings[] {
  const meant = queue === undefined ? queues : queues.filter((one) => one.queue === queue)
  if (meant.length > 0) return meant
  const known = queues.map((one) => one.queue).join(', ')
  throw new ConfigError(`${config} has no queue ${queue ?? ''}; it has ${known || 'none'}`)
}

function jsonOf({ eventType, messageId, timestamp, reason, streams, ...tapped }: Tapped): string {
  return stringifyJson({
    ...tapped,
    event_type: eventType ?? null,
    message_id: messageId ?? null,
    timestamp: timestamp ?? null,
    reason: reason === undefined ? null : maskSecrets(reason),
    streams: streams.map(({ trigger, traits }) => ({ trigger, traits: maskValues(restTraits(traits)) })),
  })
}

function lineOf(tapped: Tapped): string {
  const { timestamp, eventType, messageId, bytes, queue } = tapped
  const named = [timestamp, eventType, messageId].filter((text) => text !== undefined).join('  ')
  return `${named || `${bytes} bytes of ${queue}`}  ${becameOf(tapped)}`
}

function becameOf({ outcome, reason, traits, streams }: Tapped): string {
  switch (outcome) {
    case 'dropped':
      return 'dropped: no event definition matches'
    case 'filtered':
      return 'kept from the streams by the filters of its queue'
    case 'dead letter':
      return `dead letter, ${maskSecrets(reason ?? '')}`
    case 'event': {
      const names = streams.map(({ trigger, traits: own }) => `${trigger} (${traitsText(own)})`)
      return `event, ${traits} ${traits === 1 ? 'trait' : 'traits'} → ${names.join(', ') || 'no trigger'}`
    }
  }
}

function traitsText(traits: Tapped['streams'][number]['traits']): string {
  return Object.entries(maskValues(restTraits(traits)))
    .map(([name, value]) => `${name}:${typeof value === 'object' ? stringifyJson(value) : value}`)
    .join(';')
}

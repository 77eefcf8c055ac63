import type { Command } from 'commander'
import { stopSignal } from '../../assembly/daemon.ts'
import { nameOfBrokers, openBroker } from '../../assembly/open-broker.ts'
import { queueOf } from '../../assembly/queue-of.ts'
import { publishAll } from '../../broker/publish-all.ts'
import { loadConfig } from '../../config/load/load-config.ts'
import { formatPosition, type Position, StackTachError } from '../../domain/errors.ts'
import { isJsonBytes } from '../../text/json-bytes.ts'
import type { JsonText } from '../json-text.ts'
import { lagOf } from '../lag-of.ts'
import { loggerOf } from '../logger-of.ts'
import { createCommand, print, printNote } from '../program.ts'
import { readJsonTexts } from '../read-json-texts.ts'
import { requireRead } from '../require-read.ts'
import { tellWait } from '../tell-wait.ts'

type Options = { config: string; queue?: string; asIs?: true; logLevel?: string }

/** Creates `stv3 publish`, which publishes the JSON objects of files, one message each, to a configured queue. */
export function publishCommand(): Command {
  return createCommand(
    'publish',
    'publish recorded notifications to RabbitMQ',
    'stv3 publish nova-day.jsonl.gz -c config/yagi.conf',
  )
    .argument(
      '<file...>',
      'notifications, one a line, indented or in lists, also gzipped; - is standard input',
    )
    .requiredOption('-c, --config <file>', 'the yagi.conf that names broker and queue')
    .option('--queue <name>', 'one of its queues (default: the first)')
    .option('--as-is', 'also publish what is no JSON object, as it stands (default: it is an error)')
    .action(publish)
}

async function publish(files: readonly string[], options: Options): Promise<void> {
  const signal = stopSignal()
  const logger = loggerOf(options)
  const config = await loadConfig(options.config, process.env)
  const { yagi } = config
  const { broker: settings, queue: spec } = queueOf(yagi, options.queue, options.config)
  const broker = await openBroker(settings, logger)
  try {
    let total = 0
    const publisher = await tellWait(nameOfBrokers(settings), broker.openPublisher())
    for (const file of files) {
      let lag: string | undefined
      const odd: { first?: Position; count: number } = { count: 0 }
      const bodies = readBodies(file, signal, {
        isAsIs: options.asIs === true,
        onFirst(text) {
          lag = lagOf(text, config)
        },
        onOdd(place) {
          odd.first ??= place
          odd.count++
        },
      })
      const { hindrance } = broker
      const count = await publishAll(bodies, { publisher, spec, logger, signal, hindrance })
      if (signal.aborted)
        throw new StackTachError(
          'io',
          `stopped after publishing ${count} notifications of ${file}; those not confirmed yet may have arrived too`,
        )
      total += count
      await print(`${file}: published ${count} notifications to ${spec.queue}\n`)
      if (lag !== undefined) await print(`${file}: ${lag}\n`)
      if (!odd.first) continue
      printNote(`${formatPosition(odd.first)}: ${tellOdd(odd.count, options)}`)
      if (!options.asIs) process.exitCode = 1
    }
    requireRead(total, files)
    await publisher.close()
  } finally {
    await broker.close()
  }
}

type Reading = {
  /** whether texts that are no JSON objects in UTF-8 are bodies too */
  readonly isAsIs: boolean
  /** called with the first notification of the file */
  onFirst(text: string): void
  /** called with the place of a text that is no JSON object in UTF-8 */
  onOdd(place: Position): void
}

async function* readBodies(file: string, signal: AbortSignal, reading: Reading): AsyncGenerator<Buffer> {
  let isFirst = true
  for await (const text of readJsonTexts(file, signal)) {
    const body = text.bytes ?? Buffer.from(text.text)
    if (!isJsonObject(text, body)) {
      reading.onOdd(text.place())
      if (!reading.isAsIs) continue
    }
    if (isFirst) reading.onFirst(text.text)
    isFirst = false
    yield body
  }
}

function isJsonObject({ text, bytes }: JsonText, body: Buffer): boolean {
  return bytes === undefined && text.trimStart().startsWith('{') && isJsonBytes(body)
}

function tellOdd(count: number, { asIs }: Options): string {
  const begin = `not a JSON object in UTF-8; ${asIs ? 'published as it stands' : 'not published'}`
  return count === 1 ? begin : `${begin}, like ${count - 1} more`
}

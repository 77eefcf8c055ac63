import type { Command } from 'commander'
import { stopSignal } from '../../assembly/daemon.ts'
import { nameOfBrokers, openBroker } from '../../assembly/open-broker.ts'
import { queueOf } from '../../assembly/queue-of.ts'
import { publishAll } from '../../broker/publish-all.ts'
import { loadConfig } from '../../config/load/load-config.ts'
import { StackTachError } from '../../domain/errors.ts'
import { lagOf } from '../lag-of.ts'
import { createCommand, loggerOf, print } from '../program.ts'
import { readNotifications } from '../read-notifications.ts'
import { tellWait } from '../tell-wait.ts'

type Options = { config: string; queue?: string; logLevel?: string }

/** Creates `stv3 publish`, which publishes JSON lines, one message each, to a configured queue. */
export function publishCommand(): Command {
  return createCommand(
    'publish',
    'publish recorded notifications (JSON lines, also gzipped; - is standard input) to RabbitMQ',
    'stv3 publish nova-day.jsonl.gz -c config/yagi.conf',
  )
    .argument('<file...>', 'JSON lines')
    .requiredOption('-c, --config <file>', 'the yagi.conf that names broker and queue')
    .option('--queue <name>', 'one of its queues (default: the first)')
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
    const publisher = await tellWait(nameOfBrokers(settings), broker.openPublisher())
    for (const file of files) {
      let lag: string | undefined
      const bodies = readBodies(file, signal, (text) => {
        lag = lagOf(text, config)
      })
      const count = await publishAll(bodies, { publisher, spec, logger, signal })
      if (signal.aborted)
        throw new StackTachError('io', `stopped after publishing ${count} notifications of ${file}`)
      await print(`${file}: published ${count} notifications to ${spec.queue}\n`)
      if (lag !== undefined) await print(`${file}: ${lag}\n`)
    }
    await publisher.close()
  } finally {
    await broker.close()
  }
}

/** `onFirst` is called with the first notification of the file. */
async function* readBodies(
  file: string,
  signal: AbortSignal,
  onFirst: (text: string) => void,
): AsyncGenerator<Buffer> {
  let isFirst = true
  for await (const { text } of readNotifications(file, signal)) {
    if (isFirst) onFirst(text)
    isFirst = false
    yield Buffer.from(text)
  }
}

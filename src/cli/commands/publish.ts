import type { Command } from 'commander'
import { stopSignal } from '../../assembly/daemon.ts'
import { openBroker } from '../../assembly/open-broker.ts'
import { queueOf } from '../../assembly/queue-of.ts'
import { loadConfig } from '../../config/load/load-config.ts'
import { StackTachError } from '../../domain/errors.ts'
import { publishAll } from '../../notigen/publish.ts'
import { createCommand, loggerOf, print } from '../program.ts'
import { readNotifications } from '../read-notifications.ts'

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
  const { yagi } = await loadConfig(options.config, process.env)
  const { broker: settings, queue: spec } = queueOf(yagi, options.queue, options.config)
  const broker = await openBroker(settings, logger)
  try {
    const publisher = await broker.openPublisher()
    for (const file of files) {
      const count = await publishAll(readBodies(file), { publisher, spec, logger, signal })
      if (signal.aborted)
        throw new StackTachError('io', `stopped after publishing ${count} notifications of ${file}`)
      await print(`${file}: published ${count} notifications to ${spec.queue}\n`)
    }
    await publisher.close()
  } finally {
    await broker.close()
  }
}

async function* readBodies(file: string): AsyncGenerator<Buffer> {
  for await (const { text } of readNotifications(file)) yield Buffer.from(text)
}

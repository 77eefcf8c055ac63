import { readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { onTestFinished } from 'vitest'
import { buildConsumer } from '../../../src/assembly/build-consumer.ts'
import { createStore, openDatabase } from '../../../src/assembly/open-store.ts'
import { createAmqpBroker } from '../../../src/broker/amqp/amqp-broker.ts'
import { wallClock } from '../../../src/clock/event-clock.ts'
import { loadConfig } from '../../../src/config/load/load-config.ts'
import { type Logger, silentLogger } from '../../../src/runtime/logger.ts'
import { upgradeSchema } from '../../../src/store/schema/migrate.ts'
import { temporaryFolder } from '../folders.ts'

const CONFIG = resolve(import.meta.dirname, '../../../config')
const ALL = { limit: 1_000_000, mark: undefined, ascending: true }

/** The shipped config/openstack/yagi.conf as it is, or with its own queue in the place of the services' ones. */
export type Variant = 'theirs' | 'own' | 'own quorum'

/** A consumer of the shipped configuration for real clouds, on a database of its own. */
export type Watcher = {
  /** what it has said, a line each */
  readonly said: readonly string[]
  /** queues that are not read and should be, and, when none is there yet, those that are waited for */
  readonly unread: () => readonly string[]
  readonly awaited: () => readonly string[]
  /** instance ids of the events that it has stored */
  instances(): Promise<Set<string>>
}

/** Starts one; it is stopped when the test is over. */
export async function startWatcher(amqpUrl: string, variant: Variant): Promise<Watcher> {
  const folder = temporaryFolder()
  const file = join(folder, 'yagi.conf')
  writeFileSync(file, textOf(variant))
  const config = await loadConfig(file, { STACKTACH_AMQP_URL: amqpUrl, STACKTACH_ARCHIVE: folder })
  if (!config.yagi) throw new Error('no yagi.conf')
  const said: string[] = []
  const logger = keeping(said)
  const database = await openDatabase(`sqlite:${join(folder, 'events.db')}`, folder)
  await upgradeSchema(database.db, database.dialect.types)
  const store = await createStore(database, config, 'watcher')
  const broker = createAmqpBroker({ ...config.yagi.broker, logger })
  const parts = { config, yagi: config.yagi, broker, store, clock: wallClock, logger }
  const consumer = await buildConsumer(parts)
  await consumer.start()
  onTestFinished(async () => {
    await consumer.stop()
    await broker.close()
    await store.close()
  })
  return {
    said,
    unread: consumer.unread,
    awaited: consumer.awaited,
    async instances() {
      const events = await store.listEvents({}, ALL)
      return new Set(events.map(({ traits }) => String(traits.instance_id?.value)))
    },
  }
}

/** As an operator changes the file, with shorter waits. */
function textOf(variant: Variant): string {
  const shipped = readFileSync(join(CONFIG, 'openstack/yagi.conf'), 'utf8')
    .replace(/^config_file = .*$/m, `config_file = ${join(CONFIG, 'openstack/winchester.yaml')}`)
    .replace(/^reconnect_delay = .*$/m, 'reconnect_delay = 0.05')
    .replace(/^max_wait = .*$/m, 'max_wait = 1')
  if (variant === 'theirs') return shipped
  const commented =
    variant === 'own' ? /^; (?=(\[consumer:|\w+ = )(?!.*quorum))/gm : /^; (?=\[consumer:|\w+ = )/gm
  const [before = '', after = ''] = shipped.split('; --- B:')
  return `${before.replace(/^queues = .*$/m, 'queues = stacktach')}; --- B:${after.replace(commented, '')}`
}

function keeping(said: string[]): Logger {
  const keep = (_: object, message: string) => void said.push(message)
  return { ...silentLogger, info: keep, warn: keep, error: keep, child: () => keeping(said) }
}

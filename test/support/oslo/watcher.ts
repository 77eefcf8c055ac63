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

/**
 * Variant of the shipped config/openstack/yagi.conf: unchanged (`theirs`), or with a queue of its own instead
 * of those of the services.
 */
export type Variant = 'theirs' | 'own' | 'own quorum'

/** A consumer with the shipped configuration for real clouds, on a database of its own. */
export type Watcher = {
  /** log messages so far */
  readonly said: readonly string[]
  /**
   * `unread`: queues that should be read and are not; `awaited`: while none exists yet, the queues that are
   * waited for
   */
  readonly unread: () => readonly string[]
  readonly awaited: () => readonly string[]
  /** returns the instance ids of the stored events */
  instances(): Promise<Set<string>>
}

/** Starts a watcher that is stopped when the test ends. */
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
  const store = await createStore(database, config, { writer: 'watcher' })
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

/** Returns the shipped file as an operator would edit it, with shorter waits. */
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

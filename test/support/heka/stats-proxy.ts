import { onTestFinished } from 'vitest'
import { buildStatsProxy } from '../../../src/assembly/heka/build-stats-proxy.ts'
import { createMemoryBroker } from '../../../src/broker/memory/memory-broker.ts'
import { STATS_PROXY } from '../../../src/heka/settings/programs.ts'
import { readSettings } from '../../../src/heka/settings/read-settings.ts'
import { silentLogger } from '../../../src/runtime/logger.ts'

/** A daemon of statistics that runs until the test ends. */
export type StartedStatsProxy = {
  readonly port: number
  /** Publishes an event for it. */
  readonly publish: (text: string) => Promise<void>
  /** Has it take its settings again. */
  readonly take: () => Promise<void>
}

/** Starts the daemon of statistics on a broker in this process, with settings by environment. */
export async function startStatsProxy(
  settings: { readonly [name: string]: string } = {},
): Promise<StartedStatsProxy> {
  const broker = createMemoryBroker()
  const environment = { PROXY_HTTP_PORT: '0', PROXY_HTTP_HOST: '127.0.0.1', ...settings }
  const values = readSettings(STATS_PROXY, { options: {}, environment })
  const service = await buildStatsProxy(values, broker, silentLogger)
  await service.start()
  onTestFinished(async () => {
    await service.stop()
    await broker.close()
  })
  const publisher = await broker.openPublisher()
  const route = { exchange: values.subChannel, routingKey: '' }
  return {
    port: service.address().port,
    publish: (text) => publisher.publish(route, Buffer.from(text), { mandatory: false }),
    take: () => service.take(values),
  }
}

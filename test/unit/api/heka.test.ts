import { expect, onTestFinished, test } from 'vitest'
import { buildStatsProxy } from '../../../src/assembly/heka/build-stats-proxy.ts'
import { serverReader } from '../../../src/assembly/server-reader.ts'
import { createMemoryBroker } from '../../../src/broker/memory/memory-broker.ts'
import { createClient } from '../../../src/client/client.ts'
import type { HekaStatistics } from '../../../src/formats/heka-form.ts'
import { STATS_PROXY } from '../../../src/heka/settings/programs.ts'
import { readSettings } from '../../../src/heka/settings/read-settings.ts'
import { silentLogger } from '../../../src/runtime/logger.ts'
import type { Store } from '../../../src/store/store.ts'
import { serveApi } from '../../support/api.ts'
import { folderWith } from '../../support/folders.ts'
import { until } from '../../support/until.ts'

const store = {} as Store

test('the API shows what the daemon of statistics has heard, with its token', async () => {
  const folder = folderWith({ token: 'secret\n' })
  const broker = createMemoryBroker()
  onTestFinished(() => broker.close())
  const environment = { PROXY_TOKEN_FILE: `${folder}/token` }
  const settings = readSettings(STATS_PROXY, { options: { httpHost: '127.0.0.1' }, environment })
  const values = { ...settings, httpPort: 0 }
  const proxy = await buildStatsProxy(values, broker, silentLogger)
  await proxy.start()
  onTestFinished(() => proxy.stop())
  const publisher = await broker.openPublisher()
  const event = {
    Timestamp: Math.floor(Date.now() / 1000) - 3,
    Value: 7,
    Sender: 'tcp',
    MetricType: 'Throughput',
  }
  const route = { exchange: values.subChannel, routingKey: '' }
  await publisher.publish(route, Buffer.from(JSON.stringify(event)), { mandatory: false })

  const url = `http://127.0.0.1:${proxy.address().port}`
  const reader = (tokenFile?: string) =>
    serverReader<HekaStatistics>(
      { url, token_file: tokenFile },
      { folder, path: '/statistics', name: 'heka-stats' },
    )
  const api = createClient({ url: await serveApi({ store, readHeka: reader('token') }) })
  await until('the event is there', async () => (await api.readHeka()).senders.length === 1)
  const { throughput, senders } = await api.readHeka()
  expect(throughput.tcp?.filter((value) => value !== null)).toEqual([7])
  expect(senders).toMatchObject([{ sender: 'tcp', source: '' }])

  const refused = await fetch(`${await serveApi({ store, readHeka: reader() })}/v1/heka`)
  expect([refused.status, await refused.json()]).toMatchObject([
    409,
    { detail: expect.stringContaining('401') },
  ])
})

test('without such a daemon the API says how to name one', async () => {
  const none = await fetch(`${await serveApi({ store })}/v1/heka`)
  expect([none.status, await none.json()]).toMatchObject([
    409,
    { detail: expect.stringContaining('heka_stats') },
  ])
})

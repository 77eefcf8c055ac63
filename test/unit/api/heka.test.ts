import { expect, test } from 'vitest'
import { serverReader } from '../../../src/assembly/server-reader.ts'
import { createClient } from '../../../src/client/client.ts'
import type { HekaStatistics } from '../../../src/formats/heka-form.ts'
import type { Store } from '../../../src/store/store.ts'
import { serveApi } from '../../support/api.ts'
import { folderWith } from '../../support/folders.ts'
import { startStatsProxy } from '../../support/heka/stats-proxy.ts'
import { until } from '../../support/until.ts'

const store = {} as Store

test('the API shows what the daemon of statistics has heard, with its token', async () => {
  const folder = folderWith({ token: 'secret\n' })
  const proxy = await startStatsProxy({ PROXY_TOKEN_FILE: `${folder}/token` })
  const event = {
    Timestamp: Math.floor(Date.now() / 1000) - 3,
    Value: 7,
    Sender: 'tcp',
    MetricType: 'Throughput',
  }
  await proxy.publish(JSON.stringify(event))

  const url = `http://127.0.0.1:${proxy.port}`
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

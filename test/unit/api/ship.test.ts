import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { type ServerReference, serverReader } from '../../../src/assembly/server-reader.ts'
import { createShipServerApp } from '../../../src/cli/ship/ship-server-app.ts'
import type { RestShipHost } from '../../../src/formats/ship-form.ts'
import { createHttpService } from '../../../src/http/http-service.ts'
import { silentLogger } from '../../../src/runtime/logger.ts'
import type { Store } from '../../../src/store/store.ts'
import { serveApi } from '../../support/api.ts'
import { folderWith } from '../../support/folders.ts'
import { runInProcess } from '../../support/run-in-process.ts'

const HOST: RestShipHost = {
  ...{ host: 'web-1', connected: true, last_contact: '2026-11-30T00:00:00.000Z' },
  ...{ shipped_files: 3, shipped_bytes: 30, deleted_files: 1, deleted_bytes: 10 },
  ...{ pending_files: 2, pending_bytes: 20, hindrance: null, errors: { put: 2 } },
  oldest: { path: '/srv/a.log', due_at: '2026-11-29T00:00:00.000Z', error: 'put: no answer' },
}
const store = {} as Store
const shipHostsOf = (server: ServerReference, folder: string) =>
  serverReader<RestShipHost[]>(server, { folder, path: '/v1/ship', name: 'ship-server' })

async function shipServer(): Promise<string> {
  const access = { read: ['t1'], write: [] }
  const app = createShipServerApp(async () => [HOST], access, silentLogger)
  const service = createHttpService(app, { host: '127.0.0.1', port: 0 })
  await service.start()
  onTestFinished(() => service.stop())
  return `http://127.0.0.1:${service.address().port}`
}

test('the API shows the hosts of its ship-server, and klugman prints them', async () => {
  const folder = folderWith({ token: 't1\n' })
  const listShipHosts = shipHostsOf({ url: await shipServer(), token_file: 'token' }, folder)
  const url = await serveApi({ store, listShipHosts })
  expect(await (await fetch(`${url}/v1/ship`)).json()).toEqual([HOST])
  const { stdout } = await runInProcess('klugman', ['--url', url, 'ship'])
  expect(stdout).toContain('web-1')
  expect(stdout).toContain('/srv/a.log: put: no answer')
  expect(stdout).toContain('2 × put')
  const json = await runInProcess('klugman', ['--url', url, 'ship', '--json', '-c', 'host', '-c', 'errors'])
  expect(JSON.parse(json.stdout)).toMatchObject({ host: 'web-1' })
})

test('without a ship-server, with a wrong token, and when it is away, that is said', async () => {
  const none = await fetch(`${await serveApi({ store })}/v1/ship`)
  expect([none.status, await none.json()]).toMatchObject([
    409,
    { detail: expect.stringContaining('ship_server') },
  ])
  const folder = folderWith({ token: 'wrong\n' })
  const wrong = shipHostsOf({ url: await shipServer(), token_file: join(folder, 'token') }, '/')
  const refused = await fetch(`${await serveApi({ store, listShipHosts: wrong })}/v1/ship`)
  expect([refused.status, await refused.json()]).toMatchObject([
    409,
    { detail: expect.stringContaining('401') },
  ])
  await expect(shipHostsOf({ url: 'http://127.0.0.1:1' }, '/')()).rejects.toThrow('127.0.0.1:1 is away')
})

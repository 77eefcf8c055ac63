import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { PostedIntake } from '../../src/assembly/posted-intake.ts'
import { createClient } from '../../src/client/client.ts'
import { loadWholeConfig } from '../../src/config/load/load-config.ts'
import { silentLogger } from '../../src/runtime/logger.ts'
import { createSqlStore } from '../../src/store/sql-store.ts'
import type { Store } from '../../src/store/store.ts'
import { serveApi } from '../support/api.ts'
import { DATABASES } from '../support/databases.ts'
import { folderWith } from '../support/folders.ts'

const FILES = {
  'winchester.yaml': `database: {url: "sqlite::memory:"}
distiller_config: event_definitions.yaml
trigger_definitions: triggers.yaml
pipeline_config: pipelines.yaml
`,
  'event_definitions.yaml': `- event_type: order.*
  traits:
    order: {fields: payload.order}
    size: {type: int, fields: payload.size}
`,
  'triggers.yaml': `- name: order
  distinguished_by: [order]
  match_criteria: [{event_type: order.*}]
  fire_criteria: [{event_type: order.paid}]
  expiration: $last + 1d
  fire_pipeline: none
`,
  'pipelines.yaml': 'none: []\n',
  'yagi.conf': `[global]
verbose = 0
[event_worker]
[rabbit_broker]
url = memory:
[consumers]
queues = orders.info, other.info
[consumer:orders.info]
apps = yagi.handler.shoebox_handler.ShoeboxHandler, winchester.yagi_handler.WinchesterHandler
[consumer:other.info]
apps = winchester.yagi_handler.WinchesterHandler
[winchester]
config_file = winchester.yaml
[shoebox]
working_directory = FOLDER/work
destination_folder = FOLDER/done
`,
}

const order = (id: string, type = 'order.made', size: unknown = 1) => ({
  event_type: type,
  message_id: id,
  timestamp: '2026-01-01T00:00:00',
  payload: { order: 'o1', size },
})

describe.each(DATABASES)('notifications that are posted, over $name', ({ open }) => {
  let store: Store
  beforeEach(async () => {
    store = await createSqlStore(await open(), { writer: 'test', indexedTraits: ['order'] })
    return () => store.close()
  })

  async function served(file: string, folder: string, files = FILES) {
    const config = await loadWholeConfig(join(folder, file), {})
    const intake = new PostedIntake({ store, config, logger: silentLogger })
    onTestFinished(() => intake.stop())
    const url = await serveApi({ store, take: (...given) => intake.take(...given), access: ACCESS })
    expect(Object.keys(files)).toContain(file)
    return { url, client: createClient({ url, token: 'w' }), intake }
  }

  const ACCESS = { read: ['r'], write: ['w'] }
  const plain = () => folderWith(FILES)
  const post = (url: string, body: string, token = 'w', query = '') =>
    fetch(`${url}/v1/notifications${query}`, {
      method: 'POST',
      body,
      headers: { authorization: `Bearer ${token}` },
    })

  test('each gets a receipt: one, a list, or one a line', async () => {
    const { url, client } = await served('winchester.yaml', plain())
    const given = [
      order('a'),
      order('a'),
      order('b', 'nothing'),
      order('c', 'order.made', 'many'),
      { no: 'type' },
    ]
    expect(await client.postNotifications(given)).toEqual([
      { outcome: 'stored', message_id: 'a', event_type: 'order.made' },
      { outcome: 'duplicate', message_id: 'a', event_type: 'order.made' },
      { outcome: 'dropped', message_id: 'b', event_type: 'nothing' },
      {
        ...{ outcome: 'dead_letter', message_id: 'c', event_type: 'order.made', stage: 'distill' },
        reason: expect.stringContaining('size'),
      },
      {
        ...{ outcome: 'dead_letter', message_id: null, event_type: null, stage: 'validate' },
        reason: 'event_type is missing or not a text',
      },
    ])
    const lines = `${JSON.stringify(order('a'))}\n${JSON.stringify(order('d', 'order.paid'))}\n`
    expect(await (await post(url, lines)).json()).toMatchObject([
      { outcome: 'duplicate' },
      { outcome: 'stored' },
    ])
    expect(await (await post(url, JSON.stringify(order('e'), null, 2))).json()).toMatchObject([
      { outcome: 'stored' },
    ])
    expect(await (await post(url, 'nonsense')).json()).toMatchObject([
      { outcome: 'dead_letter', stage: 'decode' },
    ])
    expect((await client.listEvents()).map(({ message_id }) => message_id)).toEqual(['e', 'd', 'a'])
    expect(await client.countStreams({ triggerName: 'order' })).toBeGreaterThan(0)
    expect((await client.listDeadLetters()).map(({ queue }) => queue)).toEqual(['api', 'api', 'api'])
  })

  test('of a queue they are archived, and its filters count; one has to be named where there are several', async () => {
    const folder = folderWith(FILES)
    const text = FILES['yagi.conf'].replaceAll('FOLDER', folder)
    writeFileSync(join(folder, 'yagi.conf'), text)
    const { url, client, intake } = await served('yagi.conf', folder)
    await expect(client.postNotifications([order('a')])).rejects.toThrow(
      'queue: there are several, name the one in whose place the notifications come: orders.info, other.info',
    )
    await expect(client.postNotifications([order('a')], { queue: 'nosuch' })).rejects.toThrow(
      'queue: "nosuch" is no queue of the configuration',
    )
    const body = JSON.stringify(order('a'))
    expect(await (await post(url, body, 'w', '?queue=orders.info')).json()).toMatchObject([
      { outcome: 'stored' },
    ])
    await intake.stop()
    const written = ['work', 'done'].flatMap((name) =>
      readdirSync(join(folder, name), { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8')),
    )
    expect(written.join('')).toContain(body)
  })

  test('they need a token that may write, a body, and event definitions', async () => {
    const { url, client } = await served('winchester.yaml', plain())
    const body = JSON.stringify(order('a'))
    expect((await post(url, body, 'r')).status).toBe(403)
    expect((await post(url, body, 'x')).status).toBe(401)
    expect(await (await post(url, ' ')).json()).toMatchObject({
      status: 400,
      detail: expect.stringContaining('empty'),
    })
    expect((await post(url, '[{')).status).toBe(400)
    expect(await client.countEvents()).toBe(0)
    const bare = { ...FILES, 'event_definitions.yaml': '[]\n' }
    const { client: undefinedOnes } = await served('winchester.yaml', folderWith(bare), bare)
    await expect(undefinedOnes.postNotifications([order('a')])).rejects.toThrow(
      'the configuration of the API has no event definitions to distil by',
    )
    const none = createClient({ url: await serveApi({ store }) })
    await expect(none.postNotifications([order('a')])).rejects.toThrow('this API takes no notifications')
  })
})

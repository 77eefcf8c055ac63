import { randomUUID } from 'node:crypto'
import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { connect } from 'amqplib'
import { expect, inject, test } from 'vitest'
import { runProgram } from '../../sandbox/servers/child-program.ts'
import { createTestDatabase } from '../support/databases.ts'
import { folderWith, temporaryFolder } from '../support/folders.ts'
import { writeLines } from '../support/notifications.ts'
import { deleteQueue, deployShipped } from '../support/servers/deploy.ts'
import { startProgram } from '../support/servers/start-program.ts'
import { TcpProxy } from '../support/tcp-proxy.ts'
import { until } from '../support/until.ts'

// What happens to a daemon that has not ended within shutdown_timeout_s, and to what it had in hand.

const TIME = '2026-01-01T00:00:00'
const HOST = { host: { type: 'text', value: 'h' } }
const READY_STREAM = {
  event_types: ['x.end'],
  events: [{ id: 1, message_id: 'm', event_type: 'x.end', timestamp: TIME, traits: HOST }],
  streams: [
    {
      id: 1,
      name: 't',
      state: 'active',
      first_event: TIME,
      last_event: TIME,
      fire_timestamp: TIME,
      expire_timestamp: '2126-01-01T00:00:00',
      distinguishing_traits: HOST,
      events: ['m'],
    },
  ],
}

const HANDLER = (handleEvents: string) =>
  `export class Own { handleEvents(events) { ${handleEvents} } commit() {} rollback() {} }`

test('a worker whose handler never ends is ended, and its stream is taken over by another', async () => {
  const folder = folderWith({
    'winchester.yaml': `
database: {url: 'sqlite:events.db'}
trigger_definitions: triggers.yaml
pipeline_config: pipelines.yaml
pipeline_handlers: {own: './own.js:Own'}
purge_completed_streams: false
lease_s: 1
shutdown_timeout_s: 1
`,
    'triggers.yaml': `
- name: t
  distinguished_by: [host]
  match_criteria: [{event_type: x.*}]
  fire_criteria: [{event_type: x.end}]
  expiration: $last + 1d
  fire_pipeline: p
`,
    'pipelines.yaml': 'p: [own]\n',
    'own.js': HANDLER("process.stderr.write('it hangs'); return new Promise(() => {})"),
    'db.json': JSON.stringify(READY_STREAM),
  })
  const config = join(folder, 'winchester.yaml')
  expect(await runProgram('stv3', ['db', 'import', join(folder, 'db.json'), '-c', config])).toMatchObject({
    code: 0,
  })
  const hanging = startProgram(['work', '-c', config])
  await until('the handler to run', () => hanging.stderr.includes('it hangs'))
  const { code, stderr } = await hanging.stop('SIGTERM')
  expect(stderr).toContain('not stopped within 1 s')
  expect(code).toBe(1)

  writeFileSync(join(folder, 'own.js'), HANDLER('return events'))
  const next = startProgram(['work', '-c', config])
  await until('the stream to be completed', async () => {
    const { stdout } = await runProgram('stv3', ['db', 'export', '-', '-c', config])
    return JSON.parse(stdout).streams[0].state === 'completed'
  })
  expect(await next.stop('SIGTERM')).toMatchObject({ code: 0 })
})

test('a consumer whose database never answers is ended, and what it had goes back to the queue', async () => {
  const [folder, queue] = [temporaryFolder(), `shutdown-${randomUUID()}`]
  const databaseUrl = await createTestDatabase()
  const proxy = await TcpProxy.start(databaseUrl)
  const deployment = await deployShipped(folder, queue, {
    databaseUrl: proxy.urlOf(databaseUrl),
    storeUrl: databaseUrl,
    consumers: 1,
    workers: 0,
    changes: [
      [/shutdown_timeout_s: 30/g, 'shutdown_timeout_s: 1'],
      [/^log_level.*/gm, 'log_level: info'],
    ],
  })
  const model = await connect(inject('amqpUrl'))
  try {
    const channel = await model.createChannel()
    const [consumer] = deployment.consumers
    await until('it to read', () => consumer?.stderr.includes('reading queue') === true)
    proxy.hold()
    const lines = Array.from({ length: 100 }, (_, n) =>
      JSON.stringify({ event_type: 'image.update', message_id: `m${n}`, timestamp: TIME, payload: {} }),
    )
    await deployment.publish(writeLines(folder, 'lines.jsonl', lines))
    await until('it to have archived some', () => readdirSync(join(folder, 'archive')).length > 0)
    expect(await consumer?.stop('SIGTERM')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('not stopped within 1 s'),
    })
    await until('all to be in the queue', async () => (await channel.checkQueue(queue)).messageCount === 100)
    expect(await deployment.store.countEvents({}, { limit: 1, mark: undefined, ascending: true })).toBe(0)
  } finally {
    await model.close()
    await deployment.stop()
    await proxy.stop()
    await deleteQueue(queue)
  }
})

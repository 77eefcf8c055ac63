import { randomUUID } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { runProgram } from '../../sandbox/servers/child-program.ts'
import { freePort } from '../../sandbox/servers/server-process.ts'
import { createTestDatabase } from '../support/databases.ts'
import { folderWith, temporaryFolder } from '../support/folders.ts'
import { deleteQueue, deployShipped } from '../support/servers/deploy.ts'
import { startProgram } from '../support/servers/start-program.ts'
import { runningStatus } from '../support/status-tree.ts'
import { until } from '../support/until.ts'

const notification = (messageId: string, payload: object) =>
  JSON.stringify({
    event_type: 'compute.instance.exists',
    message_id: messageId,
    timestamp: '2026-01-01 00:00:00',
    payload: { instance_id: 'i', ...payload },
  })

type Answer = { readonly status: number; readonly text: string }

async function get(port: number, path: string): Promise<Answer | undefined> {
  try {
    const response = await fetch(`http://127.0.0.1:${port}${path}`)
    return { status: response.status, text: await response.text() }
  } catch {
    return undefined
  }
}

/** The value of a metric, with its labels as they stand there. */
async function metric(port: number, name: string): Promise<number | undefined> {
  const { text = '' } = (await get(port, '/metrics')) ?? {}
  const line = text.split('\n').find((one) => one.startsWith(`${name} `))
  return line === undefined ? undefined : Number(line.split(' ').at(-1))
}

test('consumer and worker tell what they do, and that they can do it', async () => {
  const [folder, queue] = [temporaryFolder(), `status-${randomUUID()}`]
  const [consumer, worker] = [await freePort(), await freePort()]
  const { status: root, url: parent } = await runningStatus()
  const deployment = await deployShipped(folder, queue, {
    databaseUrl: await createTestDatabase(),
    consumers: 1,
    workers: 1,
    changes: [
      [/fire_delay: 60/g, 'fire_delay: 0'],
      [
        /^log_level/gm,
        `status: {consumer: '127.0.0.1:${consumer}', worker: '127.0.0.1:${worker}', parent: '${parent}', name: west}\nlog_level`,
      ],
    ],
  })
  onTestFinished(() => deleteQueue(queue))
  const file = join(folder, 'messages.jsonl')
  const day = { audit_period_beginning: '2025-12-31 00:00:00', audit_period_ending: '2026-01-01 00:00:00' }
  writeFileSync(file, [notification('a', day), notification('b', { memory_mb: 'much' }), '{}'].join('\n'))
  await deployment.publish(file)
  const late = notification('c', {}).replace('2026-01-01 00:00:00', '2026-01-01 00:00:01')
  await until('both are ready', async () => {
    const answers = await Promise.all([consumer, worker].map((port) => get(port, '/readyz')))
    return answers.every((answer) => answer?.status === 200)
  })
  await until(
    'all is received',
    async () => (await metric(consumer, 'stacktach_consumer_received_total')) === 3,
  )
  // The clock of the notifications goes on only when a later one comes.
  writeFileSync(file, late)
  await deployment.publish(file)
  await until(
    'a stream has fired',
    async () => ((await metric(worker, 'stacktach_worker_fired_total')) ?? 0) > 0,
  )
  for (const [name, value] of [
    ['stacktach_consumer_stored_total', 2],
    ['stacktach_consumer_duplicates_total', 0],
    ['stacktach_consumer_dead_letters_total{stage="distill"}', 1],
    ['stacktach_consumer_dead_letters_total{stage="validate"}', 1],
  ] as const) {
    expect([name, await metric(consumer, name)]).toEqual([name, value])
  }
  expect(await metric(consumer, 'stacktach_consumer_lag_seconds')).toBeGreaterThan(0)
  expect(await metric(consumer, 'stacktach_consumer_batch_seconds_count')).toBeGreaterThan(0)
  const { text = '' } = (await get(worker, '/metrics')) ?? {}
  expect(text).toMatch(
    /stacktach_handler_seconds_count\{pipeline="instance_day_complete",handler="usage",step="commit",outcome="ok"\} 1/,
  )
  expect(text).toMatch(/stacktach_streams\{state="completed"\} \d/)
  expect(await get(consumer, '/healthz')).toEqual({ status: 200, text: 'ok\n' })
  expect(await get(consumer, '/nosuch')).toMatchObject({ status: 404 })

  // The same in the status tree: of each, and of the parent of both.
  const valueIn = (key: string) => root.get(`west/${key}`)?.value
  await until('the parent knows it', () => valueIn('consumer/consumer.stored') === '2')
  await until('the firing is told', () => valueIn('worker/worker.last_fired') !== undefined)
  expect(valueIn('consumer/consumer.state')).toBe('running')
  expect(valueIn('consumer/archive.file')).toContain(folder)
  expect(valueIn('worker/store.state')).toBe('connected')
  expect((await get(worker, '/tree'))?.text).toMatch(/^worker\.state: running$/m)
  const tree = `http://127.0.0.1:${consumer}/tree`
  const expected = ['--expect', 'consumer.state=running', 'consumer.dead_letters=2']
  expect(await runProgram('stv3', ['status', tree, ...expected])).toMatchObject({ code: 0 })
  expect(await deployment.stop()).toEqual([0, 0])
  expect([valueIn('consumer/consumer.state'), valueIn('worker/worker.state')]).toEqual(['stopped', 'stopped'])
})

test('a consumer without its broker is alive and not ready', async () => {
  const port = await freePort()
  const folder = folderWith({
    'yagi.conf': `[rabbit_broker]\nurl = amqp://127.0.0.1:${await freePort()}\n[consumers]\nqueues = q\n[consumer:q]\napps = winchester.yagi_handler.WinchesterHandler\n[winchester]\nconfig_file = winchester.yaml\n`,
    'winchester.yaml': `database: {url: 'sqlite:st.db'}\nstatus: {consumer: '127.0.0.1:${port}'}\n`,
  })
  const config = join(folder, 'yagi.conf')
  expect(await runProgram('stv3', ['db', 'upgrade', '-c', config])).toMatchObject({ code: 0 })
  const program = startProgram(['consume', '-c', config])
  await until('it is alive', async () => (await get(port, '/healthz'))?.status === 200)
  const words =
    /^not read at the moment: q \(cannot read queue q: the broker at 127\.0\.0\.1:\d+ does not answer: /
  await until('the reason is told', async () => words.test((await get(port, '/readyz'))?.text ?? ''))
  expect((await get(port, '/readyz'))?.status).toBe(503)
  expect(program.stderr).toMatch(/"waiting for the broker at 127\.0\.0\.1:\d+"/)
  expect(program.stderr).not.toContain('"running"')
})

test('the API counts its requests', async () => {
  const [port, status] = [await freePort(), await freePort()]
  const folder = folderWith({
    'winchester.yaml': `database: {url: 'sqlite:st.db'}\nstatus: '127.0.0.1:${status}'\n`,
  })
  const config = join(folder, 'winchester.yaml')
  expect(await runProgram('stv3', ['db', 'upgrade', '-c', config])).toMatchObject({ code: 0 })
  startProgram(['api', '-c', config, '--listen', `127.0.0.1:${port}`])
  await until('it answers', async () => (await get(port, '/v1/streams'))?.status === 200)
  expect((await get(port, '/v1/streams/7'))?.status).toBe(404)
  const name = 'stacktach_api_request_seconds_count{method="GET",status="404"}'
  await until('it is counted', async () => (await metric(status, name)) === 1)
})

test('metrics are served to this machine only', async () => {
  const folder = folderWith({
    'winchester.yaml': `database: {url: 'sqlite:st.db'}\nstatus: '0.0.0.0:9100'\n`,
  })
  const { code, stdout } = await runProgram('stv3', ['check', '-c', join(folder, 'winchester.yaml')])
  expect(code).toBe(1)
  expect(stdout).toContain('winchester.yaml:2:10: status: expected HOST:PORT on a loopback address')
})

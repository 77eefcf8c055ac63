import { randomUUID } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { connect } from 'amqplib'
import { expect, inject, onTestFinished, test, vi } from 'vitest'
import { freePort } from '../../sandbox/servers/server-process.ts'
import { copyConfig } from '../support/copy-config.ts'
import { createTestDatabase } from '../support/databases.ts'
import { temporaryFolder } from '../support/folders.ts'
import { runInProcess } from '../support/run-in-process.ts'
import { deleteQueue } from '../support/servers/deploy.ts'
import { startProgram } from '../support/servers/start-program.ts'
import { TcpProxy } from '../support/tcp-proxy.ts'
import { until } from '../support/until.ts'

const notification = (messageId: string, payload: object) =>
  JSON.stringify({
    event_type: 'compute.instance.update',
    message_id: messageId,
    timestamp: new Date().toISOString().slice(0, 19),
    payload: { instance_id: 'i', ...payload },
  })

test('the page tells what is wrong with daemons, queue, dead letters and database, and that all is well', async () => {
  const [folder, queue] = [temporaryFolder(), `deployment-status-${randomUUID()}`]
  onTestFinished(() => deleteQueue(queue))
  const [consumerPort, workerPort, apiPort, listen] = await Promise.all([0, 0, 0, 0].map(() => freePort()))
  const addresses = `consumer: '127.0.0.1:${consumerPort}', worker: '127.0.0.1:${workerPort}', api: '127.0.0.1:${apiPort}'`
  const config = copyConfig(folder, [
    [/monitor\.info/g, queue],
    [/^log_level/gm, `status: {${addresses}}\nlog_level`],
  ])
  const databaseUrl = await createTestDatabase()
  const proxy = await TcpProxy.start(databaseUrl)
  onTestFinished(() => proxy.stop())
  const env = {
    STACKTACH_AMQP_URL: inject('amqpUrl'),
    STACKTACH_DATABASE_URL: proxy.urlOf(databaseUrl),
    STACKTACH_ARCHIVE: join(folder, 'archive'),
  }
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value)
  onTestFinished(() => void vi.unstubAllEnvs())
  const run = (...args: string[]) => runInProcess('stv3', [...args, '-c', config])
  const status = async (...options: string[]) => {
    const { code, stdout, stderr } = await run('status', '--json', ...options)
    // A slow machine is told that the command waits.
    expect(stderr.replaceAll('waiting for all parts to answer\n', '')).toBe('')
    return { code, ...JSON.parse(stdout) }
  }
  expect(await run('db', 'upgrade')).toMatchObject({ code: 0 })

  const before = await status()
  expect(before).toMatchObject({ code: 1, ok: false })
  expect(before.problems).toEqual([
    ...['consumer', 'worker', 'api'].map((role) => expect.stringMatching(`^${role} at .* ECONNREFUSED`)),
    `queue ${queue} does not exist: no consumer has ever read it`,
  ])

  const start = (...args: string[]) => startProgram([...args, '-c', config], 'stv3', env)
  const consumer = start('consume')
  const worker = start('work')
  start('api', '--listen', `127.0.0.1:${listen}`)
  await until('all is well', async () => (await status()).ok)
  const healthy = await status()
  expect(healthy).toMatchObject({ code: 0, ok: true, problems: [] })
  expect(
    healthy.processes.map(({ role, state, version }: { [key: string]: string }) => [role, state, version]),
  ).toEqual([
    ['consumer', 'ready', '0.1.0'],
    ['worker', 'ready', '0.1.0'],
    ['api', 'ready', '0.1.0'],
  ])
  expect(healthy.queues).toEqual([{ name: queue, exists: true, messages: 0, consumers: 1 }])
  expect(healthy.databases[0]).toMatchObject({ fault: null, streams: { active: 0 }, dead_letters: {} })
  const page = await run('status')
  expect(page.stdout).toMatch(/^all is well\n/)

  const file = join(folder, 'messages.jsonl')
  writeFileSync(file, [notification('a', {}), notification('b', { memory_mb: 'much' }), '{}'].join('\n'))
  expect(await run('publish', file)).toMatchObject({ code: 0 })
  const letters = '2 dead letters: 1 distill, 1 validate'
  const areTold = async () => (await status()).problems.includes(letters)
  await until('the dead letters are told', areTold)
  const fed = await status()
  expect(fed).toMatchObject({ code: 1 })
  expect(fed.databases[0]).toMatchObject({ streams: { active: 1 } })
  expect(fed.archives[0]).toMatchObject({ files: 1, unfinished: 1 })
  expect(await run('dead-letters', 'drop', '--all', '--yes')).toMatchObject({ code: 0 })

  await worker.stop('SIGKILL')
  expect((await status()).problems).toEqual([expect.stringMatching(/^worker at .* ECONNREFUSED/)])

  await consumer.stop()
  expect(await run('publish', file)).toMatchObject({ code: 0 })
  const unread = `queue ${queue}: 3 messages wait, and no consumer reads it`
  await until('the queue is told', async () => (await status()).problems.includes(unread))
  const model = await connect(inject('amqpUrl'))
  const channel = await model.createChannel()
  await channel.prefetch(1)
  await channel.consume(queue, () => {})
  const deep = `queue ${queue} is deep: 2 messages wait (more than 1)`
  await until('the deep queue is told', async () =>
    (await status('--max-depth', '1')).problems.includes(deep),
  )
  await model.close()

  start('consume')
  start('work')
  await until('the dead letters are told again', areTold)
  expect(await run('dead-letters', 'drop', '--all', '--yes')).toMatchObject({ code: 0 })
  await until('all is well again', async () => (await status()).ok)

  proxy.close()
  const away = await status()
  expect(away).toMatchObject({ code: 1 })
  expect(away.problems[0]).toMatch(/^database 127\.0\.0\.1:\d+\/\S+: cannot use the database/)
  expect(away.databases[0].streams).toBeNull()
})

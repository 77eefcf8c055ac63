import { randomUUID } from 'node:crypto'
import { createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { expect, inject, onTestFinished, test } from 'vitest'
import { ChildProgram } from '../../sandbox/servers/child-program.ts'
import { amqpBrokerAt } from '../support/brokers.ts'
import { folderWith } from '../support/folders.ts'
import { deleteQueue } from '../support/servers/deploy.ts'
import { startProgram } from '../support/servers/start-program.ts'
import { until } from '../support/until.ts'
import { yagiOf } from '../support/yagi-of.ts'

/** Starts a server that accepts connections and never replies. Returns its port. */
async function startSilent(): Promise<number> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => sockets.add(socket.on('error', () => {})))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return (server.address() as { port: number }).port
}

async function configured(): Promise<string> {
  const port = await startSilent()
  const folder = folderWith({
    'yagi.conf': `[rabbit_broker]\nurl = amqp://127.0.0.1:${port}\n[consumers]\nqueues = q\n[consumer:q]\napps = winchester.yagi_handler.WinchesterHandler\n[winchester]\nconfig_file = winchester.yaml\n`,
    'winchester.yaml': `database: {url: 'mysql://u:secret@127.0.0.1:${port}/st?connect_timeout=600'}\n`,
    'one.jsonl': '{"event_type": "x", "message_id": "a", "timestamp": "2026-01-01"}\n',
  })
  return join(folder, 'yagi.conf')
}

test.each([['db', 'status'], ['db', 'upgrade'], ['clock'], ['dead-letters', 'ls']])(
  'a command whose database is silent says what it waits for, and one signal ends it: %s %s',
  async (...command) => {
    const program = startProgram([...command, '-c', await configured()])
    const what = /waiting for the database at 127\.0\.0\.1:\d+\/st\n/
    await until('it to say so', () => what.test(program.stderr))
    expect((await program.stop('SIGINT')).code).toBe(1)
    expect(program.stderr).toMatch(/stopped while waiting for the database at 127\.0\.0\.1:\d+\/st\n$/)
    expect(program.stderr).not.toContain('secret')
  },
)

test('publish says that it waits for a broker that is silent, and one signal ends it', async () => {
  const config = await configured()
  const program = startProgram(['publish', join(config, '../one.jsonl'), '-c', config])
  await until('it to say so', () => /waiting for the broker at 127\.0\.0\.1:\d+\n/.test(program.stderr))
  expect((await program.stop('SIGTERM')).code).toBe(1)
  expect(program.stderr).toMatch(/stopped while waiting for the broker at/)
})

test('publish that waits for standard input ends at the first signal', async () => {
  const queue = `waiting-${randomUUID()}`
  const folder = folderWith({
    'yagi.conf': yagiOf(inject('amqpUrl'), queue, []),
    'winchester.yaml': "database: {url: 'sqlite:st.db'}\n",
  })
  const program = new ChildProgram('stv3', ['publish', '-', '-c', join(folder, 'yagi.conf')], {}, null)
  const broker = amqpBrokerAt(inject('amqpUrl'))
  onTestFinished(async () => {
    if (program.isRunning) await program.stop('SIGKILL')
    await broker.close()
    await deleteQueue(queue)
  })
  program.child.stdin?.write('{"event_type": "x", "message_id": "a", "timestamp": "2026-01-01"}\n')
  const depth = () => broker.depth(queue).catch(() => 0)
  await until('the first to be published', async () => (await depth()) === 1)
  const { code, stderr } = await program.stop('SIGTERM')
  expect(code).toBe(1)
  expect(stderr).toContain('stopped after publishing 1 notifications of -')
})

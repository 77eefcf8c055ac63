import { randomUUID } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, inject, onTestFinished, test } from 'vitest'
import { ChildProgram, runProgram } from '../../sandbox/servers/child-program.ts'
import { folderWith } from '../support/folders.ts'
import { httpServer, reply } from '../support/http-server.ts'
import { deleteQueue } from '../support/servers/deploy.ts'
import { until } from '../support/until.ts'

const notification = (message_id: string) =>
  JSON.stringify({ event_type: 'x.y', message_id, timestamp: '2026-01-01 00:00:00', payload: {} })

test('a yagi.conf alone archives and forwards all, and keeps what cannot be read or delivered', async () => {
  const queue = `alone-${randomUUID()}`
  onTestFinished(() => deleteQueue(queue))
  let isRefusing = true
  const { url, received } = await httpServer((response, request) =>
    reply(response, isRefusing && /urn:uuid:bad/.test(String(request.body)) ? 400 : 201),
  )
  const apps = 'yagi.handler.shoebox_handler.ShoeboxHandler, yagi.handler.atompub_handler.AtomPub'
  const { hostname, port } = new URL(inject('amqpUrl'))
  const folder = folderWith({
    'yagi.conf': `[rabbit_broker]\nhost = ${hostname}\nport = ${port}\n[consumers]\nqueues = ${queue}\n[consumer:${queue}]\napps = ${apps}\n[shoebox]\nworking_directory = archive\n[atompub]\nurl = ${url}\n`,
    'n.jsonl': `${notification('a')}\nno JSON\n${notification('bad')}\n`,
  })
  const config = join(folder, 'yagi.conf')
  const file = join(folder, 'n.jsonl')
  expect(await runProgram('stv3', ['publish', file, '--as-is', '-c', config])).toMatchObject({
    code: 0,
    stderr: `${file}:2:1: not a JSON object in UTF-8; published as it stands\n`,
  })
  const consumer = new ChildProgram('stv3', ['consume', '-c', config])
  const letters = async () => {
    const { stdout } = await runProgram('stv3', ['dead-letters', 'ls', '--json', '-c', config])
    return stdout.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line)]))
  }
  await until('both dead letters are kept', async () =>
    existsSync(join(folder, 'archive/dead-letters.sqlite')) ? (await letters()).length === 2 : false,
  )
  expect(await consumer.stop()).toMatchObject({ code: 0 })
  expect(received.length).toBeGreaterThanOrEqual(2)
  expect(await letters()).toMatchObject([{ stage: 'app:AtomPub' }, { stage: 'decode', body: 'no JSON' }])
  expect(archived(join(folder, 'archive/done'))).toHaveLength(3)

  isRefusing = false
  const [bad] = await letters()
  const retried = await runProgram('stv3', ['dead-letters', 'retry', String(bad.id), '-c', config])
  expect(retried).toMatchObject({ code: 0, stdout: expect.stringContaining('taken by the app') })
  writeFileSync(join(folder, 'empty.jsonl'), '')
  for (const args of [['work'], ['api'], ['verify', join(folder, 'empty.jsonl')]]) {
    const refused = await runProgram('stv3', [...args, '-c', config])
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('names no winchester.yaml') })
  }
  const { stdout } = await runProgram('stv3', ['check', '--connect', '-c', config])
  expect(stdout).toContain('note: no winchester.yaml is named')
  expect(stdout).toContain('archive/dead-letters.sqlite')
})

test('several processes may make the file of dead letters at the same time', async () => {
  const apps = 'yagi.handler.shoebox_handler.ShoeboxHandler'
  const folder = folderWith({
    'yagi.conf': `[consumers]\nqueues = q\n[consumer:q]\napps = ${apps}\n[shoebox]\nworking_directory = archive\n`,
  })
  const list = () => runProgram('stv3', ['dead-letters', 'ls', '--json', '-c', join(folder, 'yagi.conf')])
  const runs = await Promise.all([list(), list(), list(), list()])
  expect(runs).toEqual(runs.map(() => ({ code: 0, stdout: '', stderr: 'there are no dead letters\n' })))
})

function archived(folder: string): string[] {
  const files = readdirSync(folder)
    .filter((name) => !name.startsWith('.'))
    .map((name) => readFileSync(join(folder, name), 'utf8'))
  return files.flatMap((text) => text.split('\n')).filter((line) => line !== '')
}

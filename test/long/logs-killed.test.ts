import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { temporaryFolder } from '../support/folders.ts'
import { expectEachOnce, LogDeployment, writeLines } from '../support/logs/log-deployment.ts'
import { TcpProxy } from '../support/tcp-proxy.ts'

const COUNT = 6000
const SMALL = ['--rotate-bytes', '100000']

test('kill -9 of either side under load and rotation loses no line and repeats none', async () => {
  const logs = await LogDeployment.create(temporaryFolder(), { collector: SMALL })
  logs.startProcessor()
  logs.startCollector()
  const writers = { a: COUNT, b: COUNT, c: COUNT }
  const writing = Promise.all([
    writeLines('append', join(logs.source, 'one.log'), 'a', COUNT),
    writeLines('append', join(logs.source, 'two.log'), 'b', COUNT),
    writeLines('append', join(logs.source, 'three.log'), 'c', COUNT),
  ])
  let isWriting = true
  void writing.finally(() => (isWriting = false))
  let kills = 0
  while (isWriting || kills < 6) {
    await delay(900)
    kills++
    if (kills % 2 === 0) {
      await logs.processor?.stop('SIGKILL')
      logs.startProcessor()
    } else {
      await logs.collector?.stop('SIGKILL')
      logs.startCollector()
    }
  }
  await writing
  await logs.untilLines(3 * COUNT)
  await logs.stop()
  expectEachOnce(logs.lines(), writers)
  expect(kills).toBeGreaterThanOrEqual(6)
})

test('connections that are cut at any moment lose no line and repeat none', async () => {
  const folder = temporaryFolder()
  const first = await LogDeployment.create(folder)
  first.startProcessor()
  const proxy = await TcpProxy.start(`tcp://127.0.0.1:${first.port}`)
  const { port } = new URL(proxy.urlOf(`tcp://127.0.0.1:${first.port}`))
  const logs = await LogDeployment.create(folder, { through: Number(port), collector: SMALL })
  logs.startCollector()
  const writing = Promise.all([
    writeLines('append', join(logs.source, 'one.log'), 'a', COUNT),
    writeLines('hold', join(logs.source, 'two.log'), 'b', COUNT),
  ])
  let isWriting = true
  void writing.finally(() => (isWriting = false))
  let cuts = 0
  for (; isWriting || cuts < 20; cuts++) {
    await delay(20 + ((cuts * 37) % 160))
    proxy.cut()
  }
  await writing
  await logs.untilLines(2 * COUNT)
  await logs.stop()
  expectEachOnce(logs.lines(), { a: COUNT, b: COUNT })
  await proxy.stop()
})

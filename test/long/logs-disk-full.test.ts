import { execFileSync } from 'node:child_process'
import { appendFileSync, mkdirSync, readFileSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { freePort } from '../../sandbox/servers/server-process.ts'
import { temporaryFolder } from '../support/folders.ts'
import { expectEachOnce, LogDeployment, writeLines } from '../support/logs/log-deployment.ts'
import { until } from '../support/until.ts'

const COUNT = 30_000

test('a full disk of the processor answers nothing, loses nothing, and goes on when there is room, even over a kill', async () => {
  const folder = temporaryFolder()
  mkdirSync(join(folder, 'target'))
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=3m', 'tmpfs', join(folder, 'target')])
  onTestFinished(() => void execFileSync('umount', ['-l', join(folder, 'target')]))
  const ballast = join(folder, 'target', '.ballast')
  writeFileSync(ballast, Buffer.alloc(1_500_000))
  const status = `127.0.0.1:${await freePort()}`
  const logs = await LogDeployment.create(folder, { processor: ['--status', status] })
  logs.startProcessor()
  logs.startCollector()
  await writeLines('append', join(logs.source, 'one.log'), 'a', COUNT)
  await until('the disk to be full', () => statfsSync(logs.target).bavail === 0)
  await until('it to be told', async () => (await fetch(`http://${status}/readyz`)).status === 503)
  appendFileSync(join(logs.source, 'one.log'), 'b 0 end\n')
  await delay(1500)
  await logs.processor?.stop('SIGKILL')
  logs.startProcessor()
  await delay(1500)
  expect(logs.lines().length).toBeLessThan(COUNT)
  const answered = JSON.parse(readFileSync(logs.db, 'utf8'))[0].Off
  expect(answered).toBeLessThanOrEqual(readFileSync(join(logs.target, 'one.log')).length)
  rmSync(ballast)
  execFileSync('mount', ['-o', 'remount,size=30m', logs.target])
  await until('all lines', () => logs.lines().length >= COUNT + 1)
  await delay(1000)
  await logs.stop()
  expectEachOnce(logs.lines(), { a: COUNT, b: 1 })
})

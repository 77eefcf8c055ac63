import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { ServiceManager } from '../../../src/runtime/service-manager.ts'
import { temporaryFolder } from '../../support/folders.ts'
import { until } from '../../support/until.ts'

/** Puts a program in the place of systemd-notify that writes down what it is told. Returns how to read that. */
function recorded(script = 'echo "$*" >> told'): () => string[] {
  const folder = temporaryFolder()
  const program = join(folder, 'systemd-notify')
  writeFileSync(program, `#!/bin/sh\ncd ${folder}\n${script}\n`)
  chmodSync(program, 0o755)
  const path = process.env.PATH
  process.env.PATH = `${folder}:${path}`
  onTestFinished(() => {
    process.env.PATH = path
  })
  const file = join(folder, 'told')
  return () => (existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : [])
}

const silent = { warn: () => {} }

test('the service manager hears in order that a process is up, reads its configuration again, and stops', async () => {
  const told = recorded()
  const manager = new ServiceManager({ NOTIFY_SOCKET: '/run/notify' }, silent)
  manager.ready('running')
  manager.reloading()
  manager.ready('running')
  manager.stopping()
  await manager.settled()
  expect(told()).toEqual([
    'READY=1 STATUS=running',
    expect.stringMatching(/^RELOADING=1 MONOTONIC_USEC=[1-9]\d*$/),
    'READY=1 STATUS=running',
    'STOPPING=1 STATUS=stopping',
  ])
})

test('a watched process gives signs of life once it is up', async () => {
  const told = recorded()
  const environment = {
    NOTIFY_SOCKET: '/run/notify',
    WATCHDOG_USEC: '60000',
    WATCHDOG_PID: String(process.pid),
  }
  const manager = new ServiceManager(environment, silent)
  onTestFinished(() => manager.close())
  manager.ready('running')
  await until('signs of life', () => told().filter((line) => line === 'WATCHDOG=1').length >= 3)
  expect(told()[0]).toBe('READY=1 STATUS=running')
})

test.each([
  ['without a service manager', {}],
  [
    'where another process is watched',
    { NOTIFY_SOCKET: '/run/notify', WATCHDOG_USEC: '1', WATCHDOG_PID: '1' },
  ],
  ['where none is watched', { NOTIFY_SOCKET: '/run/notify' }],
])('no signs of life are given %s', async (_, environment) => {
  const told = recorded()
  const manager = new ServiceManager(environment, silent)
  manager.ready('running')
  await manager.settled()
  expect(told()).toEqual('NOTIFY_SOCKET' in environment ? ['READY=1 STATUS=running'] : [])
})

test('a systemd-notify that fails is warned of once, with the remedy', async () => {
  recorded('echo "no socket" >&2; exit 1')
  const warnings: string[] = []
  const manager = new ServiceManager(
    { NOTIFY_SOCKET: '/run/notify' },
    { warn: (_, message) => warnings.push(message) },
  )
  manager.ready('running')
  manager.stopping()
  await manager.settled()
  expect(warnings).toEqual([
    expect.stringMatching(/systemd-notify cannot tell .*no socket.*Type=exec in the unit/s),
  ])
})

import { execFile } from 'node:child_process'
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { freePort } from '../../../sandbox/servers/server-process.ts'
import { folderWith, temporaryFolder } from '../../support/folders.ts'
import { runInTerminal } from '../../support/servers/run-in-terminal.ts'
import { startProgram } from '../../support/servers/start-program.ts'
import { ShipFixture } from '../../support/ship/ship-fixture.ts'
import { SimpleStore } from '../../support/ship/simple-store.ts'
import { until } from '../../support/until.ts'

const SET = {
  ...{ name: 'app', search_dirs: ['/srv'], regex: '^/srv/(.+)$', manta_path: '/app/$1', zones: ['global'] },
  alert_after: 1,
}

test('the agent ships what comes, says what hinders it, refuses a second one and stops in order', async () => {
  const fixture = new ShipFixture(temporaryFolder(), [SET], { interval: 0.05 })
  fixture.write('/srv/a.log', 'alpha', 1)
  const status = `127.0.0.1:${await freePort()}`
  const agent = startProgram(['ship', '-c', fixture.file, '--status', status])
  await until('the first file to be gone', () => fixture.local('/srv/a.log') === undefined)
  fixture.write('/srv/b.log', 'beta', 1)
  await until('the second file to be gone', () => fixture.local('/srv/b.log') === undefined)
  expect([fixture.object('/app/a.log'), fixture.object('/app/b.log')]).toEqual(['alpha', 'beta'])
  const ask = async (path: string) => (await fetch(`http://${status}${path}`)).text()
  expect((await fetch(`http://${status}/readyz`)).status).toBe(200)
  expect(await ask('/metrics')).toMatch(/^stacktach_ship_shipped_files_total 2$/m)

  const second = startProgram(['ship', '-c', fixture.file, '--once'])
  expect(await second.result()).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('another stv3 ship'),
  })

  // Another file has its name in the store.
  fixture.write('/srv/a.log', 'other', 1)
  await until('the collision to be told', async () => (await fetch(`http://${status}/readyz`)).status === 503)
  expect(await ask('/readyz')).toContain('a.log')
  expect(await ask('/metrics')).toMatch(/^stacktach_ship_troubles\{kind="differs"\} 1$/m)
  expect(fixture.local('/srv/a.log')).toBe('other')
  rmSync(fixture.path('/srv/a.log'))
  await until('the agent to be ready', async () => (await fetch(`http://${status}/readyz`)).status === 200)

  const settings = JSON.parse(readFileSync(fixture.file, 'utf8'))
  writeFileSync(fixture.file, JSON.stringify({ ...settings, log_sets: [{ ...SET, regex: '(' }] }))
  agent.send('SIGHUP')
  await until('the fault to be told', () => agent.stderr.includes('the last one stays'))
  writeFileSync(fixture.file, JSON.stringify({ ...settings, log_sets: [{ ...SET, manta_path: '/new/$1' }] }))
  agent.send('SIGHUP')
  await until('the configuration to be taken', () => agent.stderr.includes('was read again'))
  fixture.write('/srv/c.log', 'gamma', 1)
  await until('the file to have its new name', () => fixture.object('/new/c.log') === 'gamma')

  const { code, stderr } = await agent.stop()
  expect(code).toBe(0)
  expect(stderr.split('\n').filter((line) => line.includes('differs'))).toHaveLength(1)
})

/** Returns the nice values of all threads of a process. */
function niceOf(process: number): number[] {
  const folder = `/proc/${process}/task`
  return readdirSync(folder).map((thread) => {
    const stat = readFileSync(`${folder}/${thread}/stat`, 'utf8')
    // What follows the name begins with the third field; nice is the 19th.
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[16])
  })
}

test('the agent has the priority of its configuration, and so has its input and output', async () => {
  const fixture = new ShipFixture(temporaryFolder(), [SET], { nice: 7, io_class: 'idle' })
  fixture.write('/srv/a.log', 'alpha', 1)
  const agent = startProgram(['ship', '-c', fixture.file])
  await until('the file to be gone', () => fixture.local('/srv/a.log') === undefined)
  const process = agent.child.pid as number
  expect(new Set(niceOf(process))).toEqual(new Set([7]))
  const { stdout } = await promisify(execFile)('ionice', ['-p', ...readdirSync(`/proc/${process}/task`)])
  expect(new Set(stdout.trim().split('\n'))).toEqual(new Set(['idle']))
  await agent.stop()
})

test('on a terminal long work says how far it is', async () => {
  const folder = folderWith({ secret: 's3cret' })
  const { url } = await SimpleStore.start('heeded', 80)
  const own = { kind: 's3', bucket: 'bucket', endpoint: url, access_key: 'AK' }
  const fixture = new ShipFixture(temporaryFolder(), [{ ...SET, target: 'own' }], {
    targets: { own: { ...own, secret_file: join(folder, 'secret') } },
    parallel: 1,
  })
  for (let count = 0; count < 4; count++) fixture.write(`/srv/${count}.log`, 'alpha', 1)
  const run = async (...args: readonly string[]) => {
    const sent = await runInTerminal(['ship', ...args, '-c', fixture.file, '--log-level', 'error'])
    // Each line is written over the one before.
    return sent.split('\r\u001b[K')
  }
  const shipped = await run('run', '--once')
  expect(shipped.at(1)).toMatch(/^[1-4] files shipped \(0\.0 MB\), [1-4] deleted$/)
  expect(shipped.at(-1)).toBe('')
  const verified = await run('verify')
  expect(verified.at(1)).toMatch(/^[1-4] objects compared, [1-4] of them as they were shipped$/)
  expect(verified.at(-1)).toBe('4 of 4 objects are as they were shipped\r\n')
})

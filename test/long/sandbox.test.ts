import { spawnSync } from 'node:child_process'
import { closeSync, existsSync, openSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { expect, test } from 'vitest'
import { runProgram } from '../../sandbox/servers/child-program.ts'
import { folderWith, temporaryFolder } from '../support/folders.ts'
import { BUILD, RunningSandbox, sandboxEnvironment } from '../support/sandbox/running-sandbox.ts'

const RESET = resolve(BUILD, '../reset.sh')
const run = (script: string, args: string[], env: NodeJS.ProcessEnv = {}, input = '') =>
  spawnSync(script, args, { env: { ...process.env, ...env }, input, encoding: 'utf8' })

function ledgerOf(output: string): { [name: string]: number } {
  const lines = output.slice(output.lastIndexOf('Ledger\n')).matchAll(/^ {2}([a-z ]+?) +([\d,]+) {3}/gm)
  return Object.fromEntries([...lines].map(([, name, count]) => [name, Number(count?.replaceAll(',', ''))]))
}

test('its ledger adds up after each part, RabbitMQ and MariaDB were killed', async () => {
  const data = join(temporaryFolder(), 'data')
  const env = await sandboxEnvironment(data)
  const sandbox = new RunningSandbox(data, env)
  await sandbox.until('streams to fire', () => sandbox.figure('fired') > 0)

  const other = new RunningSandbox(data, env)
  expect(await other.exit()).toBe(1)
  expect(other.output).toContain(`${env.SANDBOX_LISTEN} is in use; set SANDBOX_LISTEN`)
  const beside = new RunningSandbox(data, await sandboxEnvironment(data))
  expect(await beside.exit()).toBe(1)
  expect(beside.output).toContain(`sandbox: ${data} is the data folder of another`)

  const url = `http://${env.SANDBOX_LISTEN}`
  const { stdout } = await runProgram('klugman', [url, 'streams', '--count'])
  expect(stdout).toMatch(/count +\| +\d+/)

  const tree = /status tree (\S+)/.exec(sandbox.output)?.[1] ?? ''
  const states = ['--expect', 'clock', 'api', 'consumer_1', 'worker_2'].map((name, index) =>
    index === 0
      ? name
      : `${name}/${name === 'clock' ? 'time_server' : name.replace(/_\d/, '')}.state=running`,
  )
  expect(await runProgram('stv3', ['status', tree, ...states])).toMatchObject({ code: 0, stderr: '' })

  for (const name of ['worker-1', 'consumer-1', 'simulator', 'mariadb', 'consumer-2', 'rabbitmq', 'api']) {
    const killed = sandbox.kill(name)
    await sandbox.until(`${name} to be back`, () => ![undefined, killed].includes(sandbox.pids()[name]))
  }
  const before = sandbox.figure('published')
  await sandbox.until('the simulator to go on', () => sandbox.figure('published') > before + 200)
  expect(await sandbox.stop(), sandbox.output).toBe(0)
  expect(sandbox.output).toMatch(/^worker-1 +\| worker-1 ended \(SIGKILL\); starting it again in/m)
  expect(sandbox.output).toMatch(/^rabbitmq +\| rabbitmq runs again$/m)
  expect(sandbox.output).toContain('It adds up: ')
  const first = ledgerOf(sandbox.output)
  expect(first).toMatchObject({ archived: (first.stored ?? 0) + (first['dead letters'] ?? 0) })
  expect(first.fired).toBeGreaterThan(0)
  expect(first['dead letters']).toBeGreaterThan(0)

  expect(run(RESET, ['-y'], { SANDBOX_DATA: data, SANDBOX_LOCAL: '/nosuch' }).status).toBe(0)
})

test('reset.sh asks, and deletes only where a sandbox was and nothing runs', () => {
  const data = folderWith({ 'parts.json': '{}', 'archive/x.json': '' })
  const reset = (args: string[], folder = data, input = '') =>
    run(RESET, args, { SANDBOX_DATA: folder, SANDBOX_LOCAL: '/nosuch' }, input)
  expect(reset([], data, 'n\n')).toMatchObject({ status: 1, stderr: 'reset.sh: nothing was deleted\n' })
  expect(reset([], data)).toMatchObject({ status: 1, stderr: 'reset.sh: nothing was deleted\n' })
  expect(reset(['-z']).status).toBe(2)
  const file = openSync(join(data, 'archive/x.json'), 'r')
  expect(reset(['-y']).stderr).toContain('something still uses')
  closeSync(file)
  expect(existsSync(join(data, 'archive/x.json'))).toBe(true)
  expect(reset([], data, 'y\n')).toMatchObject({ status: 0, stdout: expect.stringContaining('is empty') })
  expect(existsSync(data)).toBe(false)
  const foreign = folderWith({ 'thesis.txt': '' })
  expect(reset(['-y'], foreign).stderr).toContain('is not the data of a sandbox')
  expect(existsSync(join(foreign, 'thesis.txt'))).toBe(true)
})

test.each([[['-s', '-x']], [['-d']], [['-s', '--long']], [['-z']]])('build.sh %j is wrong usage', (args) => {
  const { status, stderr } = run(BUILD, args)
  expect(status).toBe(2)
  expect(stderr).toMatch(/^usage: sandbox\/build\.sh \[-s \| -x/)
})

import { spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { runProgram } from '../../sandbox/servers/child-program.ts'
import { folderWith } from '../support/folders.ts'
import { until } from '../support/until.ts'

const PROGRAM = resolve(import.meta.dirname, '../../src/cli/stv3.ts')

/** Runs a worker on a terminal of its own, which `script` makes. Ends the terminal when the test ends. */
async function workerOnTerminal(environment: NodeJS.ProcessEnv, more = '') {
  const folder = folderWith({ 'winchester.yaml': `database: {url: "sqlite:events.db"}\n${more}` })
  const config = join(folder, 'winchester.yaml')
  await runProgram('stv3', ['db', 'upgrade', '-c', config])
  const command = `exec ${process.execPath} ${PROGRAM} work -c ${config}`
  const terminal = spawn('script', ['-qec', command, '/dev/null'], {
    env: { ...process.env, TERM: 'xterm', NO_COLOR: '', ...environment },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  let shown = ''
  terminal.stdout.on('data', (chunk) => {
    shown += chunk
  })
  onTestFinished(() => void terminal.kill('SIGKILL'))
  return { folder, terminal, shown: () => shown }
}

const AT = String.raw`\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}`

test.each([
  ['in colours', {}, new RegExp(`^\u001b\\[2m${AT}\u001b\\[0m  \u001b\\[32mINFO \u001b\\[0m  running\r\n$`)],
  ['without, if NO_COLOR says so', { NO_COLOR: '1' }, new RegExp(`^${AT}  INFO   running\r\n$`)],
])('on a terminal a line of the log is for people, %s', async (_, environment, expected) => {
  const { shown } = await workerOnTerminal(environment)
  await until('it to run', () => shown().includes('running\r\n'))
  expect(shown()).toMatch(expected)
})

test('a daemon stops in order when its terminal is closed', async () => {
  const { folder, terminal } = await workerOnTerminal({}, 'log_file: "%(proc_name)s.log"\n')
  const log = () =>
    existsSync(join(folder, 'worker.log')) ? readFileSync(join(folder, 'worker.log'), 'utf8') : ''
  await until('it to run', () => log().includes('"running"'))
  terminal.kill('SIGKILL')
  await until('it to have stopped', () => log().includes('"stopped"'))
  expect(log().match(/"msg":"[^"]*"/g)).toEqual(['"msg":"running"', '"msg":"stopping"', '"msg":"stopped"'])
})

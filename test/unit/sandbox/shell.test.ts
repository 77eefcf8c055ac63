import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { expect, test } from 'vitest'
import { programOf, Shell, splitWords } from '../../../sandbox/supervisor/shell.ts'

test.each([
  ['streams  --count ', ['streams', '--count']],
  ['events --traits "name:web 1"', ['events', '--traits', 'name:web 1']],
  ["stv3 timex '$timestamp - 1d'", ['stv3', 'timex', '$timestamp - 1d']],
  ['', []],
])('%j has the words %j', (line, words) => {
  expect(splitWords(line)).toEqual(words)
})

test.each([
  ['streams --count', 'klugman', ['streams', '--count']],
  ['klugman events', 'klugman', ['events']],
  ['dead-letters ls', 'stv3', ['dead-letters', 'ls', '-c', 'yagi.conf']],
  ['stv3 dead-letters ls', 'stv3', ['dead-letters', 'ls', '-c', 'yagi.conf']],
  ['stv3 check -c other.conf', 'stv3', ['check', '-c', 'other.conf']],
  ['check --help', 'stv3', ['check', '--help']],
  ['timex now', 'stv3', ['timex', 'now']],
  ['stv3', 'stv3', ['--help']],
])('%j runs %s with %j', (line, program, args) => {
  const [name = '', ...rest] = splitWords(line)
  expect(programOf(name, rest, 'yagi.conf')).toEqual([program, args])
})

function shellOn(parts: { readonly [name: string]: number | undefined }) {
  const printed: string[] = []
  let quits = 0
  const shell = new Shell({
    env: process.env,
    config: 'yagi.conf',
    print: (line) => printed.push(line),
    parts: () => parts,
    onQuit: () => quits++,
  })
  return { shell, printed, quits: () => quits }
}

test('it kills a part by its name, and knows which there are', async () => {
  const child = spawn('sleep', ['60'])
  const ended = once(child, 'exit')
  const { shell, printed, quits } = shellOn({ 'worker-1': child.pid, api: undefined })
  for (const line of ['kill nosuch', 'kill api', 'kill worker-1', 'parts', '', 'quit']) await shell.run(line)
  expect((await ended)[1]).toBe('SIGKILL')
  expect(printed).toEqual([
    'kill what? One of: worker-1, api',
    'api is not running',
    `worker-1 is killed (pid ${child.pid}), as by a power cut`,
    `  worker-1     pid ${child.pid}\n  api          not running`,
  ])
  expect(quits()).toBe(1)
})

test('it runs the programs one after the other and prints what they write', async () => {
  const { shell, printed } = shellOn({})
  await Promise.all([shell.run('stv3 --version'), shell.run('klugman nosuch')])
  expect(printed[0]).toMatch(/^\d+\.\d+\.\d+$/)
  expect(printed[1]).toContain('nosuch')
  expect(shell.interrupt()).toBe(false)
})

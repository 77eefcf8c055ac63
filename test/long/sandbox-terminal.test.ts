import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { temporaryFolder } from '../support/folders.ts'
import { BUILD, sandboxEnvironment } from '../support/sandbox/running-sandbox.ts'
import { Terminal } from '../support/sandbox/terminal.ts'

const STATUS = /^\d{4}-\d\d-\d\d \d\d:\d\d · [\d,]+ published · .* dead letters · 7 of 7 parts/m

test('on a terminal it has a shell below the status line; in tmux a window for each part', async () => {
  const folder = temporaryFolder()
  const data = join(folder, 'data')
  const env = await sandboxEnvironment(data)

  const terminal = new Terminal(folder, `${BUILD} -s -q`, env)
  await terminal.shows(STATUS)
  expect(terminal.screen().trimEnd().split('\n').at(-1)).toBe('klugman>')
  expect(terminal.screen().match(new RegExp(STATUS, 'gm'))).toHaveLength(1)
  // What is being typed outlives the lines and figures that come meanwhile.
  terminal.type('streams --cou')
  await terminal.shows(/consumer-1 \| .*dead letter/)
  terminal.type('nt', 'Enter')
  await terminal.shows(/\| +count +\| +\d+ +\|/)
  expect(terminal.screen(3000)).toContain('klugman> streams --count\n')
  terminal.type('dead-letters ls', 'Enter')
  await terminal.shows(/\| Id \| +At +\| +Stage/)
  terminal.type('kill worker-2', 'Enter')
  await terminal.shows(/worker-2 is killed \(pid \d+\), as by a power cut/)
  await terminal.shows(/worker-2 {3}\| worker-2 ended \(SIGKILL\)/)
  terminal.type('C-c')
  await terminal.shows(/It adds up: [\s\S]*exit code 0/)

  const windows = new Terminal(temporaryFolder(), `${BUILD} -x -q`, env)
  await windows.shows(/klugman> [\s\S]*0:api.*1:consumer-1 .*5:simulator .*6:klugman\*/)
  // The run goes on with the data of the one before.
  await windows.shows(/\n\d{4}-\d\d-\d\d \d\d:\d\d · [\d,]{5,} published .*parts\s*$/)
  const inside = (...args: string[]) =>
    spawnSync('tmux', ['-S', join(data, 'tmux'), ...args], { encoding: 'utf8' }).stdout
  expect(inside('list-windows', '-F', '#W').trim().split('\n')).toEqual([
    'api',
    'consumer-1',
    'consumer-2',
    'worker-1',
    'worker-2',
    'simulator',
    'klugman',
  ])
  // Keys that come at once are keys here too, and no paste.
  inside('set-option', '-g', 'assume-paste-time', '0')
  windows.type('C-b', '5')
  await windows.shows(/begins, after \d+ messages[\s\S]*5:simulator\*/)
  // Ctrl-C in the window of a part is not for the part.
  windows.type('C-c', 'C-b', '6')
  await windows.shows(/6:klugman\*/)
  windows.type('parts', 'Enter')
  await windows.shows(/ {2}simulator +pid \d+/)
  windows.type('quit', 'Enter')
  await windows.shows(/It adds up: [\s\S]*exit code 0/)
})

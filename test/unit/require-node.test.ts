import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { expect, test } from 'vitest'
import manifest from '../../package.json' with { type: 'json' }
import { temporaryFolder } from '../support/folders.ts'

const GUARD = resolve(import.meta.dirname, '../../sandbox/require-node.mjs')

/** Runs the guard before a program that prints `runs`, as if Node were of this version. */
function run(guard: string, version = process.versions.node) {
  const pretence = `data:text/javascript,Object.defineProperty(process.versions,'node',{value:'${version}'})`
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['--import', pretence, '--import', guard, '-e', "console.log('runs')"],
    { encoding: 'utf8' },
  )
  return { status, stdout, stderr }
}

test('a Node that is new enough runs the program', () => {
  expect(run(GUARD)).toEqual({ status: 0, stdout: 'runs\n', stderr: '' })
})

test('one that is too old is refused in one sentence', () => {
  expect(run(GUARD, '20.20.2')).toEqual({
    status: 1,
    stdout: '',
    stderr:
      'stacktach: Node 20.20.2 is too old, 24 or newer is needed; ./sandbox/build.sh -n installs one for this folder\n',
  })
})

test('without packages it says how to install them', () => {
  const folder = temporaryFolder()
  mkdirSync(join(folder, 'sandbox'))
  const guard = join(folder, 'sandbox/require-node.mjs')
  copyFileSync(GUARD, guard)
  expect(run(guard)).toMatchObject({
    status: 1,
    stderr: expect.stringContaining('packages are not installed'),
  })
})

test('the guard knows the oldest Node of package.json and stands before each program', () => {
  expect(manifest.engines.node).toBe('>=24')
  for (const name of ['stv3', 'klugman', 'day', 'bench', 'docs'] as const)
    expect(manifest.scripts[name]).toContain('--import ./sandbox/require-node.mjs')
})

import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { folderWith } from '../../../support/folders.ts'
import { runInProcess } from '../../../support/run-in-process.ts'
import { completing, hasShell, SHELLS } from '../../../support/shell-completion.ts'

test.for(SHELLS)('%s completes commands of commands, options and files of stv3', async (shell, { skip }) => {
  const { stdout, code } = await runInProcess('stv3', ['completion', shell])
  expect(code).toBe(0)
  skip(!hasShell(shell), `${shell} is not installed`)
  const file = join(folderWith({ script: stdout }), 'script')
  expect(spawnSync(shell, ['-n', file], { encoding: 'utf8' }).stderr).toBe('')
  const complete = completing(shell, stdout, 'stv3')
  expect(complete('stv3', 'che')).toEqual(['check'])
  expect(complete('stv3', 'dead-letters', 'r')).toEqual(['retry'])
  expect(complete('stv3', 'db', 'st')).toEqual(['status'])
  expect(complete('stv3', 'db', 'status', '--js')).toEqual(['--json'])
  // not those of `stv3 status`
  expect(complete('stv3', 'db', 'status', '--wat')).toEqual([''])
  expect(complete('stv3', 'status', '--wat')).toEqual(['--watch'])
  expect(complete('stv3', 'clock', '--con')).toEqual(['--config'])
  expect(complete('stv3', 'up', '--log-level', 'deb')).toEqual(['debug'])
  if (shell === 'zsh') expect(complete('stv3', 'check', '-c', '')).toEqual(['FILES'])
  if (shell === 'fish') expect(complete('stv3', 'check', '-c', '/et')).toEqual(['/etc/'])
})

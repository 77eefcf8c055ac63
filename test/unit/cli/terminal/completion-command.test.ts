import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { folderWith } from '../../../support/folders.ts'
import { runInProcess } from '../../../support/run-in-process.ts'

test.each(['bash', 'zsh', 'fish'])(
  '%s: descriptions keep their colons, and the script is one of that shell',
  async (shell) => {
    const { stdout } = await runInProcess('klugman', ['completion', shell])
    if (shell !== 'bash') expect(stdout).toContain('these distinguishing traits: name:value;name:value')
    const isThere = spawnSync(shell, ['-c', 'true']).status === 0
    const file = join(folderWith({ script: stdout }), 'script')
    if (isThere) expect(spawnSync(shell, ['-n', file], { encoding: 'utf8' }).stderr).toBe('')
  },
)

test('fish: a value is not described by the whole option', async () => {
  const { stdout } = await runInProcess('klugman', ['completion', 'fish'])
  expect(stdout).toContain(`-x -a "active\\t'' firing\\t''`)
})

test.each(['bash', 'zsh', 'fish'])(
  '%s: the commands of stv3 are completed, and those below them',
  async (shell) => {
    const { stdout } = await runInProcess('stv3', ['completion', shell])
    for (const word of ['dead-letters', 'upgrade', 'log-level']) expect(stdout).toContain(word)
    const file = join(folderWith({ script: stdout }), 'script')
    if (spawnSync(shell, ['-c', 'true']).status === 0)
      expect(spawnSync(shell, ['-n', file], { encoding: 'utf8' }).stderr).toBe('')
  },
)

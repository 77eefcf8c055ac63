import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { ChildProgram } from '../../../sandbox/servers/child-program.ts'
import { until } from '../../support/until.ts'

test.runIf(process.platform === 'linux').each([
  ['one, unless the environment tells how many', {}, '1'],
  ['as many as the environment tells', { MALLOC_ARENA_MAX: '3' }, '3'],
])('a replay has as many arenas of memory as it shall: %s', async (_, env, arenas) => {
  const program = new ChildProgram('stv3', ['replay', '-', '--dry-run', '-c', 'config/yagi.conf'], env, null)
  try {
    const environment = () => readFileSync(`/proc/${program.child.pid}/environ`, 'latin1').split('\0')
    await until('the replay runs', () => environment().includes(`MALLOC_ARENA_MAX=${arenas}`))
    expect(program.isRunning).toBe(true)
    program.child.stdin?.end()
    // It goes on with its arguments and its standard input: nothing came from there.
    expect(await program.result()).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('no notification'),
    })
  } finally {
    if (program.isRunning) await program.stop('SIGKILL')
  }
})

import { onTestFinished } from 'vitest'
import { ChildProgram } from '../../sandbox/servers/child-program.ts'

/** Starts `stv3` with arguments; when the test is over it has ended, however that went. */
export function startProgram(args: readonly string[]): ChildProgram {
  const program = new ChildProgram('stv3', args)
  onTestFinished(async () => {
    if (program.isRunning) await program.stop('SIGKILL')
  })
  return program
}

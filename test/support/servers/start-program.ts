import { onTestFinished } from 'vitest'
import { ChildProgram } from '../../../sandbox/servers/child-program.ts'

/** Starts a program with arguments. It is killed when the test ends, if it still runs. */
export function startProgram(
  args: readonly string[],
  name: 'stv3' | 'klugman' = 'stv3',
  env: NodeJS.ProcessEnv = {},
): ChildProgram {
  const program = new ChildProgram(name, args, env)
  onTestFinished(async () => {
    if (program.isRunning) await program.stop('SIGKILL')
  })
  return program
}

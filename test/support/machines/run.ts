import { spawnSync } from 'node:child_process'

export type Outcome = { readonly status: number | null; readonly stdout: string; readonly stderr: string }

/** Runs a program to its end. Throws only where it cannot be run. */
export function run(command: string, args: readonly string[], env: NodeJS.ProcessEnv = process.env): Outcome {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    encoding: 'utf8',
    env,
    maxBuffer: 2 ** 28,
  })
  if (error) throw new Error(`cannot run ${command}: ${error.message}`, { cause: error })
  return { status, stdout, stderr }
}

/** Runs a program and returns what it prints. Throws with its words where it fails. */
export function must(command: string, ...args: readonly string[]): string {
  const { status, stdout, stderr } = run(command, args)
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${status}:\n${stdout}${stderr}`)
  return stdout
}

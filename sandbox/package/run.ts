import { spawnSync } from 'node:child_process'

/** Runs a program to its end. Throws with its words where it fails. */
export function run(
  command: string,
  args: readonly string[],
  options: { cwd?: string; env?: NodeJS.ProcessEnv } = {},
): string {
  const result = spawnSync(command, args, { encoding: 'utf8', maxBuffer: 2 ** 30, ...options })
  if (result.error) throw new Error(`cannot run ${command}: ${result.error.message}`)
  if (result.status === 0) return result.stdout
  throw new Error(
    `${command} ${args.join(' ')} ended with ${result.status}:\n${result.stdout}${result.stderr}`,
  )
}

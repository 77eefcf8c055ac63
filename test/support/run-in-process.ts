import { vi } from 'vitest'
import { exitCodeOf, prepareProgram } from '../../src/cli/program.ts'
import { stv3Program } from '../../src/cli/stv3-program.ts'
import { messageOf } from '../../src/domain/errors.ts'
import { klugmanProgram } from '../../src/klugman/klugman-program.ts'

const SIGNALS = ['SIGTERM', 'SIGINT'] as const

/**
 * Runs a command in this process, which takes a hundredth of the time of a process of its own. Not for
 * commands that wait for signals.
 */
export async function runInProcess(
  name: 'stv3' | 'klugman',
  args: readonly string[],
): Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }> {
  const program = name === 'stv3' ? await stv3Program(args[0]) : klugmanProgram()
  prepareProgram(program)
  const written = { stdout: '', stderr: '' }
  const spies = (['stdout', 'stderr'] as const).map((stream) =>
    vi.spyOn(process[stream], 'write').mockImplementation((text) => {
      written[stream] += String(text)
      return true
    }),
  )
  const before = process.exitCode
  const listeners = SIGNALS.map((name) => process.listeners(name))
  process.exitCode = 0
  try {
    await program.parseAsync([...args], { from: 'user' })
    return { code: Number(process.exitCode), ...written }
  } catch (error) {
    const code = exitCodeOf(error, { invalidIsUsage: name === 'klugman' })
    return { code, stdout: written.stdout, stderr: `${written.stderr}${messageOf(error)}\n` }
  } finally {
    for (const spy of spies) spy.mockRestore()
    process.exitCode = before
    SIGNALS.forEach((name, index) => {
      for (const one of process.listeners(name)) if (!listeners[index]?.includes(one)) process.off(name, one)
    })
  }
}

import { execFile } from 'node:child_process'
import { resolve } from 'node:path'
import { promisify } from 'node:util'
import { ServerProcess } from '../servers/server-process.ts'

const run = promisify(execFile)

/** Python for which Debian's packages are built, whatever else is on the PATH. */
const PYTHON = '/usr/bin/python3'
const RUN_MAIN = resolve(import.meta.dirname, 'run-main.py')
const SERVE_WSGI = resolve(import.meta.dirname, 'serve-wsgi.py')

/** Environment for logs in UTC, like all other times that OpenStack writes. */
const UTC = { TZ: 'UTC' }

/** One of OpenStack's programs. */
export type PythonProgram = {
  readonly name: string
  /** Python module with a function `main` */
  readonly module: string
  readonly args: readonly string[]
  readonly env?: NodeJS.ProcessEnv
}

/** Runs a program to its end. */
export async function runPython({ name, module, args, env }: PythonProgram): Promise<void> {
  try {
    await run(PYTHON, ['-I', RUN_MAIN, name, module, ...args], { env: { ...process.env, ...UTC, ...env } })
  } catch (error) {
    const { stderr = '' } = error as { stderr?: string }
    throw new Error(`${name} ${args.join(' ')}: ${stderr.slice(-2000)}`, { cause: error })
  }
}

/** Starts a program that runs until it is stopped. */
export function startPython({ name, module, args, env }: PythonProgram): ServerProcess {
  return new ServerProcess(PYTHON, ['-I', RUN_MAIN, name, module, ...args], {
    env: { ...process.env, ...UTC, ...env },
  })
}

/** Starts a WSGI application, which a function of a module creates, on a port of this machine. */
export function startWsgi(
  name: string,
  application: string,
  port: number,
  env: NodeJS.ProcessEnv,
): ServerProcess {
  const args = ['-I', SERVE_WSGI, name, application, String(port)]
  return new ServerProcess(PYTHON, args, { env: { ...process.env, ...UTC, ...env } })
}

import { cpSync, mkdirSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { ChildProgram, runProgram } from '../../../sandbox/servers/child-program.ts'
import { until } from '../until.ts'

const CONFIG = resolve(import.meta.dirname, '../../../config')

/** A database with two simulated days, an archive of their notifications, and `stv3 api` over them. */
export type PageDeployment = {
  readonly url: string
  readonly folder: string
  readonly env: NodeJS.ProcessEnv
  /** Ends the API, whose address is free then, and starts it again. */
  restart(): Promise<void>
  stop(): Promise<void>
}

/** Builds a deployment in a folder, the same each time, and serves it on a port; `more` is added to winchester.yaml. */
export async function deployPage(folder: string, port: number, more = ''): Promise<PageDeployment> {
  cpSync(CONFIG, join(folder, 'config'), { recursive: true })
  const done = join(folder, 'archive/done')
  mkdirSync(done, { recursive: true })
  const env = {
    STACKTACH_DATABASE_URL: `sqlite:${join(folder, 'stacktach.db')}`,
    STACKTACH_ARCHIVE: join(folder, 'archive'),
    STACKTACH_AMQP_URL: 'memory:',
  }
  const winchester = join(folder, 'config/winchester.yaml')
  if (more !== '') writeFileSync(winchester, `\n${more}\n`, { flag: 'a' })
  const yagi = join(folder, 'config/yagi.conf')
  const run = async (args: readonly string[]) => {
    const { code, stdout, stderr } = await runProgram('stv3', args, env)
    if (code !== 0) throw new Error(`stv3 ${args.join(' ')} ended with ${code}: ${stderr}`)
    return stdout
  }
  const simulated = await run([
    ...['generate', '--seed', '7', '--start', '2026-11-18T12:00:00', '--duration', '42h'],
    ...['--instances', '20', '--operations-per-hour', '10'],
  ])
  const file = join(done, 'notifications_2026_11_18_12_00_00_000000.json')
  writeFileSync(file, simulated, { mode: 0o600 })
  await run(['db', 'upgrade', '-c', yagi])
  await run(['replay', file, '-c', yagi])
  const listen = `127.0.0.1:${port}`
  const url = `http://${listen}`
  const start = async () => {
    const program = new ChildProgram('stv3', ['api', '-c', yagi, '--listen', listen], env)
    await until('the API to be up', async () => {
      if (!program.isRunning) throw new Error(`stv3 api has ended: ${program.stderr}`)
      return fetch(`${url}/ui/session`).then(
        ({ ok }) => ok,
        () => false,
      )
    })
    return program
  }
  let api = await start()
  const stop = async () => {
    if (api.isRunning) await api.stop('SIGTERM')
  }
  return {
    ...{ url, folder, env, stop },
    async restart() {
      await stop()
      api = await start()
    },
  }
}

/** Starts all of StackTach in one process, with the simulator, on a port; resolves when it has figures to show. */
export async function startUp(folder: string, port: number): Promise<{ url: string; stop(): Promise<void> }> {
  const url = `http://127.0.0.1:${port}`
  const args = ['up', '--data', join(folder, 'up'), '--listen', `127.0.0.1:${port}`, '--seed', '7']
  const program = new ChildProgram('stv3', args)
  await until(
    'the embedded deployment to have fired streams',
    async () => {
      if (!program.isRunning) throw new Error(`stv3 up has ended: ${program.stderr}`)
      const response = await fetch(`${url}/v1/samples?step=5`).catch(() => undefined)
      const samples = response?.ok
        ? ((await response.json()) as { figures: { [name: string]: number[] } })
        : undefined
      return (samples?.figures['fired.instance_day']?.at(-1) ?? 0) > 0
    },
    300_000,
  )
  return {
    url,
    async stop() {
      if (program.isRunning) await program.stop('SIGTERM')
    },
  }
}

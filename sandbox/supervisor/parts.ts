import { join } from 'node:path'
import { ROOT, type SandboxSettings } from './settings.ts'

export type PartSpec = { readonly name: string; readonly command: readonly string[] }

/** Returns the parts in the order in which they start: the clock of the notifications, then the classic ones. */
export function partsOf({ config, listen }: SandboxSettings, timeAddress: string): PartSpec[] {
  const stv3 = (name: string, ...args: string[]): PartSpec => ({
    name,
    command: [process.execPath, join(ROOT, 'src/cli/stv3.ts'), ...args],
  })
  return [
    stv3('clock', 'time-server', '--listen', timeAddress),
    stv3('api', 'api', '-c', config, '--listen', listen),
    stv3('consumer-1', 'consume', '-c', config),
    stv3('consumer-2', 'consume', '-c', config),
    stv3('worker-1', 'work', '-c', config, '--name', 'worker-1'),
    stv3('worker-2', 'work', '-c', config, '--name', 'worker-2'),
    { name: 'simulator', command: [process.execPath, join(ROOT, 'sandbox/supervisor/simulator.ts')] },
  ]
}

/** Environment of all parts, and of the commands of the shell. */
export function environmentOf(
  settings: SandboxSettings,
  urls: {
    readonly amqp: string
    readonly database: string
    readonly time: string
    readonly tree: string
  },
  env: NodeJS.ProcessEnv,
): NodeJS.ProcessEnv {
  const [host, port] = [settings.listen.replace(/:\d+$/, ''), settings.listen.replace(/^.*:/, '')]
  return {
    NODE_COMPILE_CACHE: join(ROOT, 'node_modules/.cache/node'),
    STACKTACH_LOG_LEVEL: 'info',
    ...env,
    STACKTACH_AMQP_URL: urls.amqp,
    STACKTACH_DATABASE_URL: urls.database,
    STACKTACH_ARCHIVE: join(settings.data, 'archive'),
    STACKTACH_TIME_SYNC: urls.time,
    SANDBOX_DATA: settings.data,
    SANDBOX_CONFIG: settings.config,
    SANDBOX_TREE: urls.tree,
    KLUGMAN_URL: `http://${host === '0.0.0.0' ? '127.0.0.1' : host}:${port}`,
  }
}

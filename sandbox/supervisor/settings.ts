import { join, resolve } from 'node:path'

export const ROOT = resolve(import.meta.dirname, '../..')

/** What of the sandbox can be set, by environment variables; `sandbox/local.sh` is the place to set them. */
export type SandboxSettings = {
  /** SANDBOX_CONFIG: path of a yagi.conf */
  readonly config: string
  /** SANDBOX_DATA: folder of servers, archive and logs */
  readonly data: string
  /** SANDBOX_LISTEN: HOST:PORT of the API */
  readonly listen: string
  /** SANDBOX_SPEED: speed of the simulated clock, as a multiple of real time */
  readonly speed: number
  /** SANDBOX_INSTANCES: instances of the simulated cloud at its start */
  readonly instances: number
  /** SANDBOX_OPERATIONS_PER_HOUR: over all instances, in simulated time */
  readonly operationsPerHour: number
  /** SANDBOX_SEED of the simulation */
  readonly seed: number
}

const DAY_PER_HALF_MINUTE = 2880

/**
 * Reads the settings from environment variables. Throws an error that names the variable whose value is not a
 * number above 0.
 */
export function readSettings(env: NodeJS.ProcessEnv): SandboxSettings {
  const number = (name: string, otherwise: number): number => {
    const text = env[name]
    if (text === undefined || text === '') return otherwise
    const value = Number(text)
    if (!(value > 0 && value < 1e9)) throw new Error(`${name}: ${text} is not a number above 0`)
    return value
  }
  return {
    config: resolve(env.SANDBOX_CONFIG || join(ROOT, 'config/yagi.conf')),
    data: resolve(env.SANDBOX_DATA || join(ROOT, 'sandbox/data/servers')),
    listen: env.SANDBOX_LISTEN || '127.0.0.1:8000',
    speed: number('SANDBOX_SPEED', DAY_PER_HALF_MINUTE),
    instances: Math.round(number('SANDBOX_INSTANCES', 20)),
    operationsPerHour: number('SANDBOX_OPERATIONS_PER_HOUR', 4),
    seed: Math.round(number('SANDBOX_SEED', 1)),
  }
}

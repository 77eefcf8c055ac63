import { type ConfiguredRole, type Role, statusAddressOf } from '../assembly/observation.ts'
import type { Config } from '../config/load/config.ts'
import { type ListenRange, parseAddressRange } from '../runtime/listen-address.ts'

/** Where the status of one daemon is expected, or of several in a range of ports. */
export type ExpectedProcesses = {
  readonly address: ListenRange
  /** roles of which one process at least must answer there; empty: any process */
  readonly roles: readonly Role[]
}

const CONFIGURED: readonly ConfiguredRole[] = ['consumer', 'worker', 'api']
/** All roles of daemons. */
export const ROLES: readonly Role[] = [...CONFIGURED, 'time-server']
const LINE = new RegExp(`^(?:(${ROLES.join('|')})(?:\\s+|=))?(\\S+)$`)

/** What a line may be, for messages. */
export const PROCESS_FORM = '[consumer|worker|api|time-server] HOST:PORT, or HOST:PORT-PORT'

/**
 * Parses HOST:PORT or HOST:PORT-PORT, after a role if the text names one; returns undefined for any other text.
 *
 * @example
 * parseExpected('worker 10.0.0.7:9105-9108')
 * parseExpected('worker=10.0.0.7:9105-9108') // the same
 */
export function parseExpected(text: string): ExpectedProcesses | undefined {
  const [, role, range] = LINE.exec(text.trim()) ?? []
  const address = range === undefined ? undefined : parseAddressRange(range)
  return address && { address, roles: role === undefined ? [] : [role as Role] }
}

/** A list of expected processes, or the first line that is none, with its number from 1. */
export type ParsedProcesses =
  | { readonly processes: readonly ExpectedProcesses[] }
  | { readonly line: number; readonly text: string }

/** Parses a text with one address a line. Blank lines and what follows # are left out. */
export function parseProcessList(text: string): ParsedProcesses {
  const processes: ExpectedProcesses[] = []
  for (const [index, whole] of text.split('\n').entries()) {
    const line = whole.replace(/#.*/, '').trim()
    if (line === '') continue
    const parsed = parseExpected(line)
    if (!parsed) return { line: index + 1, text: line }
    processes.push(parsed)
  }
  return { processes }
}

/**
 * Returns the processes that a configuration names in `status`. With one address for all daemons a worker is
 * expected there, and a consumer where there is a yagi.conf.
 */
export function configuredProcesses(config: Pick<Config, 'winchester' | 'yagi'>): ExpectedProcesses[] {
  const { winchester, yagi } = config
  if (typeof winchester.status === 'string') {
    const address = statusAddressOf(winchester, 'worker')
    return address ? [{ address, roles: yagi ? ['consumer', 'worker'] : ['worker'] }] : []
  }
  return CONFIGURED.flatMap((role) => {
    const address = statusAddressOf(winchester, role)
    return address ? [{ address, roles: [role] }] : []
  })
}

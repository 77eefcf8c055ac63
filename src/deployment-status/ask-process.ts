import { causeOf, messageOf } from '../domain/errors.ts'
import type { ProcessStatus } from './deployment-status.ts'
import { ROLES } from './expected-processes.ts'

/** Longest answer that is read, characters: whatever listens on a port may answer. */
const LONGEST = 100_000

/** What a daemon reports at `/status`, as it came. */
type Answer = { readonly [key: string]: unknown }

const SILENT = {
  role: undefined,
  name: undefined,
  version: undefined,
  uptimeS: undefined,
  clock: undefined,
  newestEvent: undefined,
  remarks: [],
}

/** Asks a daemon for its status at HOST:PORT. A daemon that does not answer is a status too: `silent`. */
export async function askProcess(at: string, timeoutMs: number): Promise<ProcessStatus> {
  try {
    const answer = await fetch(`http://${at}/status`, { signal: AbortSignal.timeout(timeoutMs) })
    const text = (await answer.text()).slice(0, LONGEST)
    if (!answer.ok) return silent(at, `answers ${answer.status} to /status`)
    const found = parsed(text)
    return found ? statusOf(at, found) : silent(at, 'answers, but is none of the daemons')
  } catch (error) {
    if (error instanceof Error && error.name === 'TimeoutError')
      return silent(at, `has not answered within ${timeoutMs / 1000} s`)
    return silent(at, `does not answer: ${messageOf(causeOf(error) ?? error)}`)
  }
}

function silent(at: string, reason: string): ProcessStatus {
  return { ...SILENT, at, state: 'silent', reason }
}

function parsed(text: string): Answer | undefined {
  try {
    const value: unknown = JSON.parse(text)
    const isStatus = typeof value === 'object' && value !== null && 'ready' in value && 'remarks' in value
    return isStatus ? (value as Answer) : undefined
  } catch {
    return undefined
  }
}

function statusOf(at: string, answer: Answer): ProcessStatus {
  const { role, uptime_s, ready, remarks } = answer
  const text = (key: string) => (typeof answer[key] === 'string' ? answer[key] : undefined)
  return {
    at,
    role: ROLES.find((known) => known === role),
    name: text('name'),
    version: text('version'),
    uptimeS: typeof uptime_s === 'number' ? uptime_s : undefined,
    clock: text('clock'),
    newestEvent: text('newest_event'),
    state: ready === true ? 'ready' : 'unready',
    reason: text('reason'),
    remarks: Array.isArray(remarks) ? remarks.map(String) : [],
  }
}

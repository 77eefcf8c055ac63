import type { Role } from '../assembly/observation.ts'
import type { DatabaseStatus, DeploymentStatus, ProcessStatus, QueueStatus } from './deployment-status.ts'
import type { ExpectedProcesses } from './expected-processes.ts'

/** What is looked for, beside what is there. */
export type Expectations = {
  readonly processes: readonly ExpectedProcesses[]
  /** most messages that may wait in a queue */
  readonly maxDepth: number
  /** queues that their owner creates, and that may not exist yet */
  readonly awaited: ReadonlySet<string>
}

/**
 * Returns what is wrong with a deployment, one sentence each. Servers that are away come first, then daemons,
 * queues, the event clock, streams, dead letters and archives.
 */
export function findProblems(
  status: Omit<DeploymentStatus, 'at' | 'problems'>,
  expected: Expectations,
): string[] {
  const { broker, databases, processes, queues, archives } = status
  return [
    ...databases.flatMap(({ name, fault }) => (fault === undefined ? [] : `database ${name}: ${fault}`)),
    ...(broker?.state === 'error' ? [`broker ${broker.name}: ${broker.text}`] : []),
    ...expected.processes.flatMap((one) => missingOf(one, processes)),
    ...processes.flatMap(unready),
    ...queues.flatMap((queue) => queueProblems(queue, expected)),
    ...databases.flatMap(({ clock }) => (clock?.stuck ?? []).map((hold) => `the event clock stands ${hold}`)),
    ...databases.flatMap(({ replay }) => (replay && !replay.isRunning ? [replay.text] : [])),
    ...databases.flatMap(contentProblems),
    ...archives.flatMap(({ folder, fault, isDenied }) =>
      fault === undefined || isDenied ? [] : `archive ${folder}: ${fault}`,
    ),
    ...processes.flatMap((one) => one.remarks.map((remark) => `${nameOf(one)}: ${remark}`)),
    ...differences(processes),
  ]
}

/** Returns the addresses of a range, as HOST:PORT. */
export function addressesOf({ address: { host, ports } }: ExpectedProcesses): string[] {
  const name = host.includes(':') ? `[${host}]` : host
  return ports.map((port) => `${name}:${port}`)
}

function missingOf(expected: ExpectedProcesses, processes: readonly ProcessStatus[]): string[] {
  const addresses = addressesOf(expected)
  const [first = '', last = first] = [addresses[0], addresses.at(-1)]
  const found = processes.filter(({ at }) => addresses.includes(at))
  const living = found.filter(({ state }) => state !== 'silent')
  const roles: readonly (Role | undefined)[] = expected.roles.length > 0 ? expected.roles : [undefined]
  return roles.flatMap((role) => {
    if (living.some((one) => role === undefined || one.role === role)) return []
    const [other] = living
    const what = role === undefined ? 'process' : role
    if (first !== last) return `no ${what} answers at ${first}-${last.slice(last.lastIndexOf(':') + 1)}`
    if (other) return `${first} is ${articled(other.role ?? 'something else')}, not ${articled(what)}`
    return `${role === undefined ? '' : `${role} at `}${first} ${found[0]?.reason ?? 'does not answer'}`
  })
}

function articled(word: string): string {
  return word.startsWith('something') ? word : `${/^[aeiou]/.test(word) ? 'an' : 'a'} ${word}`
}

function unready(one: ProcessStatus): string[] {
  return one.state === 'unready' ? [`${nameOf(one)} cannot work: ${one.reason ?? 'it does not say why'}`] : []
}

function nameOf({ role, at }: ProcessStatus): string {
  return `${role ?? 'process'} at ${at}`
}

function queueProblems(
  { name, exists, messages, consumers }: QueueStatus,
  { maxDepth, awaited }: Expectations,
): string[] {
  if (!exists) return awaited.has(name) ? [] : [`queue ${name} does not exist: no consumer has ever read it`]
  if (consumers === 0) return [`queue ${name}: ${waiting(messages)}, and no consumer reads it`]
  if (messages > maxDepth) return [`queue ${name} is deep: ${waiting(messages)} (more than ${maxDepth})`]
  return []
}

function waiting(messages: number): string {
  return messages === 1 ? '1 message waits' : `${messages} messages wait`
}

function contentProblems({ streams, deadLetters = {} }: DatabaseStatus): string[] {
  const failed = (['error', 'expire_error'] as const).flatMap((state) => {
    const count = streams?.[state] ?? 0
    return count > 0 ? [`${counted(count, 'stream')} in state ${state}`] : []
  })
  const stages = Object.entries(deadLetters)
  const letters = stages.reduce((sum, [, count]) => sum + count, 0)
  const byStage = stages.map(([stage, count]) => `${count} ${stage}`).join(', ')
  return [...failed, ...(letters > 0 ? [`${counted(letters, 'dead letter')}: ${byStage}`] : [])]
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`
}

/** Processes of one deployment are of one version and go by one clock. */
function differences(processes: readonly ProcessStatus[]): string[] {
  return (['version', 'clock'] as const).flatMap((key) => {
    const values = [...new Set(processes.flatMap((one) => one[key] ?? []))].sort()
    return values.length > 1 ? [`the daemons have different ${key}s: ${values.join(', ')}`] : []
  })
}

import type { Config } from '../config/load/config.ts'
import { archivesOf, checkArchive } from '../connection-check/check-archive.ts'
import { checkBroker } from '../connection-check/check-broker.ts'
import { type ConnectionFinding, PATIENCE_MS } from '../connection-check/connection-finding.ts'
import { askProcess } from './ask-process.ts'
import type { ArchiveStatus, DeploymentStatus, ProcessStatus, QueueStatus } from './deployment-status.ts'
import type { ExpectedProcesses } from './expected-processes.ts'
import { addressesOf, findProblems } from './find-problems.ts'
import { readDatabase } from './read-database.ts'

export type DeploymentParts = {
  /** undefined: only processes are asked */
  readonly config: Config | undefined
  readonly processes: readonly ExpectedProcesses[]
  /** more messages in one queue are a problem */
  readonly maxDepth: number
}

/**
 * Reads the state of all parts of a deployment, all at the same time, and changes nothing. A part that does not
 * answer within 10 s is part of the result, with the reason.
 *
 * @example
 * const { problems } = await readDeployment({ config, processes: configuredProcesses(config), maxDepth: 10_000 })
 */
export async function readDeployment(parts: DeploymentParts): Promise<DeploymentStatus> {
  const { config, processes: expected, maxDepth } = parts
  const yagi = config?.yagi
  const at = new Date().toISOString()
  const [processes, found, databases, archives] = await Promise.all([
    askAll(expected),
    yagi ? checkBroker(yagi, 'counts') : [],
    config ? readDatabase(config).then((database) => [database]) : [],
    config ? Promise.all(archivesOf(config).map(checkArchive)) : [],
  ])
  const status = {
    processes,
    broker: found.find(({ object }) => object === 'broker'),
    queues: found.filter(({ object }) => object === 'queue').map(queueStatus),
    archives: archives.map(archiveStatus),
    databases,
  }
  const awaited = new Set(yagi?.queues.filter(({ passive }) => passive).map(({ queue }) => queue))
  return { at, problems: findProblems(status, { processes: expected, maxDepth, awaited }), ...status }
}

/**
 * Asks all processes. Of a range of ports those that do not answer are left out: the ports need not all be used. One
 * that does not answer has the role that is expected there.
 */
async function askAll(expected: readonly ExpectedProcesses[]): Promise<ProcessStatus[]> {
  const alone = new Map(expected.filter(isAlone).map((one) => [addressesOf(one)[0], one.roles] as const))
  const addresses = [...new Set(expected.flatMap(addressesOf))]
  const asked = await Promise.all(addresses.map((at) => askProcess(at, PATIENCE_MS)))
  return asked.flatMap((one) => {
    if (one.state !== 'silent') return one
    const roles = alone.get(one.at)
    return roles ? { ...one, role: roles.length === 1 ? roles[0] : undefined } : []
  })
}

function isAlone({ address }: ExpectedProcesses): boolean {
  return address.ports.length === 1
}

function queueStatus({ name, facts = {} }: ConnectionFinding): QueueStatus {
  return {
    name,
    exists: facts.exists === true,
    messages: Number(facts.messages ?? 0),
    consumers: Number(facts.consumers ?? 0),
  }
}

function archiveStatus({ name, state, text, facts = {} }: ConnectionFinding): ArchiveStatus {
  return {
    folder: name,
    fault: state === 'error' ? text : undefined,
    isDenied: facts.denied === true,
    files: Number(facts.files ?? 0),
    bytes: Number(facts.total_bytes ?? 0),
    unfinished: Number(facts.unfinished ?? 0),
    oldestUnfinished: typeof facts.oldest_unfinished === 'string' ? facts.oldest_unfinished : undefined,
  }
}

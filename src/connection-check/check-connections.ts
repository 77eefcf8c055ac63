import type { Config } from '../config/load/config.ts'
import { archivesOf, checkArchive } from './check-archive.ts'
import { checkBroker } from './check-broker.ts'
import { checkDatabase } from './check-database.ts'
import type { ConnectionFinding } from './connection-finding.ts'

/**
 * Checks broker, database and archives of a configuration, all at the same time, and changes nothing. A
 * failed check is a finding, not an error.
 *
 * @example
 * const findings = await checkConnections(config)
 * const failed = findings.filter(({ state }) => state === 'error')
 */
export async function checkConnections(config: Config): Promise<ConnectionFinding[]> {
  const { yagi } = config
  const [broker, database, archives] = await Promise.all([
    yagi ? checkBroker(yagi) : [],
    checkDatabase(config),
    Promise.all(archivesOf(config).map(checkArchive)),
  ])
  return [...broker, ...database, ...archives, ...nothingCame([...broker, ...database], archives)]
}

function nothingCame(
  findings: readonly ConnectionFinding[],
  archives: readonly ConnectionFinding[],
): ConnectionFinding[] {
  const queues = findings.filter(({ object }) => object === 'queue')
  const isEmpty = queues.length > 0 && queues.every(({ facts }) => !facts?.messages)
  const hasNoEvent = findings.some(({ object, facts }) => object === 'events' && facts?.newest === null)
  if (!isEmpty || !hasNoEvent) return []
  const about = { object: 'events', name: '', state: 'warning' } as const
  const archived = archives.find(({ facts }) => facts?.bytes)?.facts?.newest
  if (archived !== undefined) {
    const text = 'messages have come and none has become an event'
    return [{ ...about, text, remedy: `stv3 explain -c FILE ${archived} says why` }]
  }
  const text = 'no message waits and no event has come'
  const remedy =
    'is [oslo_messaging_notifications] driver = messagingv2 set in nova.conf, and were the services restarted since (docs/connecting.md)?'
  return [{ ...about, text, remedy }]
}

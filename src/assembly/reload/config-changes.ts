import type { Config } from '../../config/load/config.ts'
import type { WinchesterSettings } from '../../config/schemas/winchester-schema.ts'
import type { DaemonRole } from '../daemon-log.ts'
import { namedChanges } from './named-changes.ts'

type Key = keyof WinchesterSettings

/** What differs between the configuration of a running daemon and its files. */
export type ConfigChanges = {
  /** what takes effect now, in words */
  readonly changes: readonly string[]
  /** what takes effect at the next start only */
  readonly needsRestart: readonly string[]
}

/** Keys that a daemon takes at its start only, because connections, clocks and addresses hang on them. */
const FIXED: readonly Key[] = [
  'database',
  'clock',
  'clock_patience_days',
  'time_sync_endpoint',
  'status',
  'shutdown_timeout_s',
]
const FIXED_OF_WRITERS: readonly Key[] = ['indexed_traits', 'statistics_period']
const OF_CONSUMERS: readonly Key[] = ['catch_all_notifications', 'distiller_trait_plugins']
const OF_WORKERS: readonly Key[] = [
  'pipeline_worker_batch_size',
  'pipeline_worker_delay',
  'pipeline_handlers',
  'purge_completed_streams',
  'trim_events',
  'trim_events_age',
  'trim_events_batch_size',
  'pipeline_retries',
  'lease_s',
  'max_generations',
  'dead_letter_days',
]

/** What of winchester.yaml concerns a daemon. `api` is compared key by key, by all that serve it. */
const KEYS: {
  readonly [role in DaemonRole]: { readonly now: readonly Key[]; readonly fixed: readonly Key[] }
} = {
  consumer: { now: OF_CONSUMERS, fixed: [...FIXED, ...FIXED_OF_WRITERS] },
  worker: { now: OF_WORKERS, fixed: [...FIXED, ...FIXED_OF_WRITERS] },
  api: { now: [], fixed: FIXED },
  // Its database and clock are its own, and there is no status.
  up: { now: [...OF_CONSUMERS, ...OF_WORKERS], fixed: ['shutdown_timeout_s', 'indexed_traits'] },
}

/** Keys of yagi.conf that are compared elsewhere or have no effect. */
const NOT_COMPARED = new Set(['logging', 'winchester', 'event_worker'])

/** Compares the configuration that a daemon runs with another one. Values of secrets are not in the words. */
export function configChanges(role: DaemonRole, running: Config, next: Config): ConfigChanges {
  const { now, fixed } = KEYS[role]
  const differs = (key: Key) => !isSame(running.winchester[key], next.winchester[key])
  return {
    changes: [
      ...contentChanges(role, running, next),
      ...now.filter(differs).map((key) => described(key, running.winchester[key], next.winchester[key])),
    ],
    needsRestart: [
      ...fixed.filter(differs),
      ...(servesApi(role) ? fixedOfApi(role, running, next) : []),
      ...(readsQueues(role) ? yagiChanges(role, running, next) : []),
    ],
  }
}

/** Returns the next configuration with those parts of the running one that stay until a restart. */
export function withFixed(role: DaemonRole, running: Config, next: Config): Config {
  const kept = Object.fromEntries(KEYS[role].fixed.map((key) => [key, running.winchester[key]]))
  const { listen, limits } = running.winchester.api
  const api = {
    ...next.winchester.api,
    listen,
    limits: { ...next.winchester.api.limits, query_timeout_s: limits.query_timeout_s },
  }
  return {
    ...next,
    winchester: { ...next.winchester, ...kept, api },
    yagi: running.yagi,
    written: { ...next.written, yagi: running.written.yagi },
  }
}

function contentChanges(role: DaemonRole, running: Config, next: Config): string[] {
  const definitionsOf = ({ written }: Config) =>
    written.definitions.map((one) => [[one.event_type].flat().join(', '), one] as const)
  const triggersOf = ({ written }: Config) => written.triggers.map((one) => [one.name, one] as const)
  const pipelinesOf = ({ pipelines }: Config) => Object.entries(pipelines)
  const changesOf = (kind: string, of: typeof triggersOf | typeof definitionsOf | typeof pipelinesOf) =>
    namedChanges({ kind, before: of(running), after: of(next) })
  return [
    ...(readsQueues(role) ? changesOf('event definition', definitionsOf) : []),
    ...(role === 'api' ? [] : changesOf('trigger', triggersOf)),
    ...(runsPipelines(role) ? changesOf('pipeline', pipelinesOf) : []),
  ]
}

function fixedOfApi(
  role: DaemonRole,
  { winchester: running }: Config,
  { winchester: next }: Config,
): string[] {
  const { listen, limits } = running.api
  return [
    // The address of `up` is that of its command line.
    ...(role === 'api' && listen !== next.api.listen ? ['api.listen'] : []),
    ...(limits.query_timeout_s === next.api.limits.query_timeout_s ? [] : ['api.limits.query_timeout_s']),
  ]
}

/** Returns the keys of yagi.conf that differ, as `[section] key`; a section that is new or gone without keys. */
function yagiChanges(role: DaemonRole, { written: running }: Config, { written: next }: Config): string[] {
  const sections = [...new Set([...Object.keys(running.yagi), ...Object.keys(next.yagi)])]
  return sections.flatMap((section) => {
    if (NOT_COMPARED.has(section) || (role === 'up' && section === 'rabbit_broker')) return []
    const [was, is] = [running.yagi[section], next.yagi[section]]
    if (!was || !is) return [`[${section}]`]
    const keys = [...new Set([...Object.keys(was), ...Object.keys(is)])]
    return keys.filter((key) => was[key] !== is[key]).map((key) => `[${section}] ${key}`)
  })
}

/** Numbers and switches are shown; texts may be long, or secret. */
function described(key: Key, was: unknown, is: unknown): string {
  const isPlain = (value: unknown) => value === undefined || ['number', 'boolean'].includes(typeof value)
  return isPlain(was) && isPlain(is) ? `${key} ${was ?? 'none'} → ${is ?? 'none'}` : key
}

function isSame(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other)
}

function readsQueues(role: DaemonRole): boolean {
  return role === 'consumer' || role === 'up'
}

function runsPipelines(role: DaemonRole): boolean {
  return role === 'worker' || role === 'up'
}

function servesApi(role: DaemonRole): boolean {
  return role === 'api' || role === 'up'
}

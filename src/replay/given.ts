import { resolve } from 'node:path'
import { hash64 } from '../domain/hash.ts'
import { formatIso, type Micros } from '../domain/time.ts'
import { canonicalJson } from '../text/canonical-json.ts'

/** How a replay was begun: what its command named. */
export type ReplayGiven = {
  /** absolute paths and globs, in order; `-` is standard input */
  readonly names: readonly string[]
  readonly config: string
  readonly from: Micros | null
  readonly to: Micros | null
  readonly types: readonly string[]
  /** conditions, as TRAIT=VALUE */
  readonly where: readonly string[]
  readonly pipelines: 'on' | 'off'
  /** whether handlers send what they have to send */
  readonly publish: boolean
}

/** The names of replays begin so, which stand beside those of queues. */
export const REPLAY_PREFIX = 'replay-'

/** Returns paths and globs as they are named from anywhere, each once. */
export function absoluteNames(names: readonly string[]): string[] {
  return [...new Set(names.map((name) => (name === '-' ? name : resolve(name))))].sort()
}

/**
 * Returns the name of a replay: the same files, folders and globs with the same filters and pipelines have the same,
 * whatever is in them.
 */
export function nameOfReplay({ names, from, to, types, where, pipelines }: ReplayGiven): string {
  return `${REPLAY_PREFIX}${hash64(canonicalJson({ names, from, to, types, where, pipelines }))}`
}

/**
 * Returns the command that goes on with a replay.
 *
 * @example
 * commandOf(given) // stv3 replay /var/lib/stacktach/archive/done -c /etc/stv3/yagi.conf --to 2026-11-20T00:00:00
 */
export function commandOf({
  names,
  config,
  from,
  to,
  types,
  where,
  pipelines,
  publish,
}: ReplayGiven): string {
  return [
    'stv3 replay',
    ...names.map(quoted),
    `-c ${quoted(config)}`,
    ...(from === null ? [] : [`--from ${formatIso(from)}`]),
    ...(to === null ? [] : [`--to ${formatIso(to)}`]),
    ...(types.length === 0 ? [] : [`--types ${quoted(types.join(','))}`]),
    ...where.map((condition) => `--where ${quoted(condition)}`),
    ...(pipelines === 'on' ? [] : ['--pipelines off']),
    ...(publish ? ['--publish'] : []),
  ].join(' ')
}

/** Returns a word as a shell takes it. */
function quoted(word: string): string {
  return /^[\w./:@+%,=-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`
}

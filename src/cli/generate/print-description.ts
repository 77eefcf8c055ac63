import { formatIso } from '../../domain/time.ts'
import { DAILY } from '../../notigen/calendar/audit.ts'
import type { Description } from '../../notigen/description.ts'
import type { ExpectedStream } from '../../notigen/expected/expected-streams.ts'
import type { UsageRules } from '../../notigen/expected/usage-result.ts'
import type { SimulationOptions } from '../../notigen/simulation.ts'
import { print } from '../program.ts'
import { grouped } from '../terminal/grouped.ts'
import { formatTable } from '../terminal/table.ts'
import { auditText } from './simulation-options.ts'

/**
 * Prints the description of a run for people: its contents, then its streams, one for each instance and day.
 */
export async function printDescription(
  options: SimulationOptions,
  run: Description,
  rules: UsageRules,
): Promise<void> {
  const { streams } = run
  const rows: (readonly [string, string])[] = [
    ['seed', String(options.seed)],
    ['from', formatIso(options.start)],
    ['until', formatIso(options.end ?? options.start)],
    ['audits', auditText(options.audit ?? DAILY)],
    [
      'notifications',
      `${grouped(run.messages)}; ${grouped(run.events)} events, ${run.deadLetters} dead letters`,
    ],
    ['instances', grouped(run.instances)],
    ['operations', listed(run.operations)],
    ['event types', listed(run.eventTypes)],
    ['messages in trouble', listed(run.trouble)],
    ['wrong usage', listed(run.ordered)],
    ['streams', `${grouped(streams.fires)} fire, ${grouped(streams.expires)} expire`],
    [`usage (${rules})`, listed(run.usage)],
  ]
  const width = Math.max(...rows.map(([name]) => name.length))
  const lines = rows.map(([name, text]) => `${name.padEnd(width)}  ${text || 'none'}`)
  await print(`${lines.join('\n')}\n\n`)
  await print(`${formatTable(['Instance', 'Day', 'Events', 'Stream', 'Usage'], run.expected.map(rowOf))}\n`)
}

function rowOf({ instanceId, day, events, ends, usage }: ExpectedStream): readonly string[] {
  const counts = Map.groupBy(usage, (result) => result)
  const texts = [...counts].map(([result, { length }]) => (length === 1 ? result : `${length} ${result}`))
  return [instanceId, day, String(events), ends, texts.join(', ')]
}

function listed(counts: { readonly [name: string]: number }): string {
  return Object.entries(counts)
    .map(([name, count]) => `${name} ${grouped(count)}`)
    .join(', ')
}

/** Prints the description of a run as JSON lines: one for the run, then one for each stream. */
export async function printDescriptionJson(
  options: SimulationOptions,
  run: Description,
  rules: UsageRules,
): Promise<void> {
  await print(
    `${JSON.stringify({
      kind: 'run',
      seed: options.seed,
      start: formatIso(options.start),
      end: formatIso(options.end ?? options.start),
      format: options.format,
      audit: auditText(options.audit ?? DAILY),
      rules,
      notifications: run.messages,
      events: run.events,
      dead_letters: run.deadLetters,
      instances: run.instances,
      operations: run.operations,
      event_types: run.eventTypes,
      trouble: run.trouble,
      ordered: run.ordered,
      streams: run.streams,
      usage: run.usage,
    })}\n`,
  )
  for (const { instanceId, day, events, ends, usage } of run.expected) {
    await print(`${JSON.stringify({ kind: 'stream', instance_id: instanceId, day, events, ends, usage })}\n`)
  }
}

import type {
  ArchiveStatus,
  ClockStatus,
  DatabaseStatus,
  DeploymentStatus,
  ProcessStatus,
  QueueStatus,
} from '../deployment-status/deployment-status.ts'
import { grouped } from './terminal/grouped.ts'
import { formatTable } from './terminal/table.ts'

/** A table with its title; one without rows is left out of the page. */
type Table = {
  readonly headers: readonly string[]
  readonly rows: readonly (readonly string[])[]
}

/**
 * Formats the state of a deployment as one page: what is wrong first, then its parts in tables. `width` is that of the
 * terminal in characters.
 */
export function formatStatusPage(status: DeploymentStatus, width?: number): string {
  const { problems, processes, broker, queues, archives, databases } = status
  const wrong = problems.length === 0 ? ['all is well'] : problems.map((problem) => `wrong: ${problem}`)
  const tables = [
    processTable(processes),
    queueTable(queues),
    archiveTable(archives),
    databaseTable(databases),
    streamTable(databases),
    deadLetterTable(databases),
  ]
  return [
    ...wrong,
    ...tables
      .filter(({ rows }) => rows.length > 0)
      .map(({ headers, rows }) => formatTable(headers, rows, { width })),
    ...(broker ? [`${['broker', broker.name].filter(Boolean).join(' ')}: ${broker.text}`] : []),
    ...databases.flatMap(({ clock }) => (clock ? clockLine(clock) : [])),
    ...databases.flatMap(({ replay }) => (replay?.isRunning ? [replay.text] : [])),
  ].join('\n')
}

function processTable(processes: readonly ProcessStatus[]): Table {
  const headers = ['Role', 'At', 'Version', 'Up', 'Clock', 'Newest event', 'State']
  const rows = processes.map((one) => [
    one.role ?? '?',
    one.at,
    one.version ?? '',
    one.uptimeS === undefined ? '' : formatSeconds(one.uptimeS),
    one.clock ?? '',
    one.newestEvent ?? '',
    stateOf(one),
  ])
  return { headers, rows }
}

function stateOf({ state, reason, remarks }: ProcessStatus): string {
  const said = state === 'silent' ? reason : reason && `not ready: ${reason}`
  return [said ?? state, ...remarks].join('; ')
}

function queueTable(queues: readonly QueueStatus[]): Table {
  const rows = queues.map(({ name, exists, messages, consumers }) =>
    exists ? [name, grouped(messages), grouped(consumers)] : [name, 'does not exist', ''],
  )
  return { headers: ['Queue', 'Messages', 'Consumers'], rows }
}

function archiveTable(archives: readonly ArchiveStatus[]): Table {
  const headers = ['Archive', 'Files', 'Bytes', 'Unfinished', 'Oldest unfinished', 'State']
  const rows = archives.map(({ folder, fault, ...one }) => {
    if (fault !== undefined) return [folder, '', '', '', '', fault]
    const counts = [one.files, one.bytes, one.unfinished].map(grouped)
    return [folder, ...counts, one.oldestUnfinished ?? '', 'ok']
  })
  return { headers, rows }
}

function databaseTable(databases: readonly DatabaseStatus[]): Table {
  const headers = ['Database', 'Schema', 'Newest event', 'State']
  const rows = databases.map(({ name, schema, newestEvent, newestAgeS, fault }) => {
    const age = newestAgeS === undefined ? '' : ` (${formatSeconds(newestAgeS)} ago)`
    return [name, schema ?? '', newestEvent === undefined ? '' : `${newestEvent}${age}`, fault ?? 'ok']
  })
  return { headers, rows }
}

function streamTable(databases: readonly DatabaseStatus[]): Table {
  return countTable(
    'Streams',
    databases.flatMap(({ streams }): Counts[] => (streams ? [streams] : [])),
  )
}

function deadLetterTable(databases: readonly DatabaseStatus[]): Table {
  const counts = databases.map(({ deadLetters = {} }): Counts => deadLetters)
  return countTable(
    'Dead letters',
    counts.filter((one) => Object.keys(one).length > 0),
  )
}

type Counts = { readonly [name: string]: number }

/** Counts side by side, each below its name. */
function countTable(title: string, counts: readonly Counts[]): Table {
  const names = Object.keys(counts[0] ?? {})
  const rows = counts.map((one) => ['', ...names.map((name) => grouped(one[name] ?? 0))])
  return { headers: [title, ...names], rows }
}

function clockLine({ now, lagS = 0, holds }: ClockStatus): string[] {
  if (now === undefined) return ['the event clock is that of the time service']
  if (holds.length === 0) return [`the event clock follows the wall clock: ${now}`]
  return [
    `the event clock is ${formatSeconds(lagS)} behind: ${now}`,
    ...holds.map((hold) => `the event clock is held ${hold}`),
  ]
}

const UNITS = [
  [86_400, 'd'],
  [3600, 'h'],
  [60, 'min'],
] as const

/** Formats seconds in the largest unit of which there is one, such as `3 h`. */
function formatSeconds(seconds: number): string {
  const [size, unit] = UNITS.find(([one]) => seconds >= one) ?? [1, 's']
  return `${Math.floor(seconds / size)} ${unit}`
}

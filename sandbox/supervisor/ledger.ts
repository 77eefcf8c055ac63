import { grouped } from '../../src/cli/terminal/grouped.ts'

/** What was counted, over all runs on a data folder. */
export type Figures = {
  /** messages that RabbitMQ confirmed to the simulator */
  readonly published: number
  /** different ones among them: the simulator sends some twice on purpose */
  readonly different: number
  /** published messages that no file of the archive holds */
  readonly unarchived: number
  readonly archive: {
    readonly files: number
    readonly lines: number
    /** different messages */
    readonly messages: number
    /** those that the simulator did not send */
    readonly foreign: number
  }
  /** archived messages that are events */
  readonly stored: number
  /** events that pipelines made */
  readonly results: number
  /** dead letters by stage */
  readonly deadLetters: { readonly [stage: string]: number }
  /** messages that RabbitMQ still holds; undefined when it did not say */
  readonly waiting: number | undefined
  readonly streams: {
    readonly total: number
    readonly fired: number
    readonly expired: number
    /** all other streams, by state */
    readonly open: { readonly [state: string]: number }
    /** events in streams, as rows and as the streams count them */
    readonly members: number
    readonly counted: number
  }
}

/** Stages of dead letters that are streams, not messages. */
const OF_STREAMS = ['pipeline', 'commit']

/** Returns the dead letters that are messages. */
function lettersOfMessages({ deadLetters }: Pick<Figures, 'deadLetters'>): number {
  return Object.entries(deadLetters).reduce(
    (sum, [stage, count]) => (OF_STREAMS.includes(stage) ? sum : sum + count),
    0,
  )
}

/** Returns what does not add up, a sentence each; nothing when all does. */
export function differences(figures: Figures): string[] {
  const { unarchived, archive, stored, waiting = 0, streams } = figures
  const found: string[] = []
  if (unarchived > waiting)
    found.push(`${grouped(unarchived - waiting)} published messages are not in the archive`)
  const unaccounted = archive.messages - stored - lettersOfMessages(figures)
  if (unaccounted > waiting)
    found.push(`${grouped(unaccounted - waiting)} archived messages are neither events nor dead letters`)
  if (unaccounted < 0) found.push(`${grouped(-unaccounted)} dead letters are of no archived message`)
  const open = Object.values(streams.open).reduce((sum, count) => sum + count, 0)
  if (streams.fired + streams.expired + open !== streams.total)
    found.push(`${grouped(streams.total)} streams are not the sum of their states`)
  if (streams.members !== streams.counted)
    found.push(`streams count ${grouped(streams.counted)} events and hold ${grouped(streams.members)}`)
  return found
}

/** Returns the ledger as lines: a figure each, with what it consists of, then whether all adds up. */
export function formatLedger(figures: Figures): string[] {
  const { published, different, archive, stored, results, deadLetters, waiting, streams } = figures
  const letters = Object.values(deadLetters).reduce((sum, count) => sum + count, 0)
  const rows: (readonly [string, number, string])[] = [
    ['published', published, `${grouped(different)} different messages that RabbitMQ confirmed`],
    ['archived', archive.messages, archived(archive)],
    ['stored', stored, `events; pipelines made ${grouped(results)} more of them`],
    ['streams', streams.total, list({ ...streams.open, fired: streams.fired, expired: streams.expired })],
    ['fired', streams.fired, 'complete stories, whose pipelines have run'],
    ['dead letters', letters, list(deadLetters)],
  ]
  if (waiting !== 0)
    rows.push(['waiting', waiting ?? 0, waiting === undefined ? 'RabbitMQ did not say' : 'still in RabbitMQ'])
  const width = Math.max(...rows.map(([, count]) => grouped(count).length))
  const found = differences(figures)
  return [
    'Ledger',
    ...rows.map(([name, count, text]) =>
      `  ${name.padEnd(13)}${grouped(count).padStart(width)}   ${text}`.trimEnd(),
    ),
    ...(found.length === 0
      ? [
          'It adds up: every published message is archived, every archived one is an event or a dead letter, once.',
        ]
      : found.map((sentence) => `It does not add up: ${sentence}.`)),
  ]
}

function archived({ lines, files, foreign }: Figures['archive']): string {
  const others = foreign > 0 ? `; ${grouped(foreign)} not of the simulator` : ''
  return `different messages, in ${grouped(lines)} lines of ${grouped(files)} files${others}`
}

function list(counts: { readonly [name: string]: number }): string {
  return Object.entries(counts)
    .filter(([, count]) => count > 0)
    .map(([name, count]) => `${grouped(count)} ${name}`)
    .join(', ')
}

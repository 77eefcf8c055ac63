import { type Command, Option } from 'commander'
import { createCommand, localOption, print, printNote, printStyled } from '../cli/program.ts'
import type { TimelineQuery } from '../client/client.ts'
import type { RestValue } from '../formats/rest-form.ts'
import type { Timeline, TimelineEntry } from '../formats/timeline.ts'
import { stringifyJson } from '../text/json.ts'
import type { Cells } from './columns.ts'
import { connect } from './connect.ts'
import { drawTimeline, leftOut } from './draw-timeline.ts'
import { plainText } from './format-value.ts'
import { PRINTERS } from './list-formats.ts'
import { localTimeline, sentTime } from './local-times.ts'

type Options = {
  readonly from?: string
  readonly to?: string
  readonly fold: boolean
  readonly format?: 'text' | 'json' | 'csv'
  readonly json?: true
  readonly csv?: true
  readonly local?: true
}

const COLUMNS = ['at', 'kind', 'what', 'id', 'failure', 'changes', 'user_id', 'request_id']

/** Creates `klugman timeline`, which shows what happened to a resource, in the order of time. */
export function timelineCommand(): Command {
  return createCommand(
    'timeline',
    'show what happened to a resource, in the order of time',
    `klugman http://127.0.0.1:8000 timeline b65566fc-5243-4649-aa85-502956326c14
  klugman timeline instance_id:8f2c --from yesterday
  klugman timeline req-1f9c0b1e --json`,
  )
    .argument('<what>', 'a uuid, a request id or a tenant; or traits: name:value;name:value')
    .option('--from <time>', 'only events after this time: ISO 8601, yesterday, 14:00, -1h')
    .option('--to <time>', 'only events until this time')
    .option('--no-fold', 'a line for each of several updates that follow each other')
    .addOption(
      new Option('-f, --format <format>', 'how it is printed (default: text)')
        .choices(['text', 'json', 'csv'])
        .conflicts(['json', 'csv']),
    )
    .addOption(new Option('--json', 'one JSON object a line, as -f json').conflicts('csv'))
    .option('--csv', 'comma-separated values, as -f csv')
    .addOption(localOption())
    .action(run)
}

async function run(what: string, options: Options, command: Command): Promise<void> {
  const timeline = await connect(command).timeline(queryOf(what, options))
  const format = options.json ? 'json' : options.csv ? 'csv' : (options.format ?? 'text')
  if (timeline.entries.length === 0) printNote('no events match')
  else if (format === 'json') {
    for (const entry of timeline.entries) await print(`${stringifyJson(entry)}\n`)
  } else {
    const shown = options.local ? localTimeline(timeline) : timeline
    if (format === 'csv') await PRINTERS.csv(shown.entries.map(cellsOf), COLUMNS)
    else return draw(shown)
  }
  for (const clause of leftOut(timeline)) printNote(clause)
}

function queryOf(what: string, { fold, local, ...options }: Options): TimelineQuery {
  const [from, to] = [options.from, options.to].map((time) => sentTime(time, local))
  return { ...(what.includes(':') ? { traits: what } : { of: what }), from, to, fold }
}

async function draw(timeline: Timeline): Promise<void> {
  const isColoured = process.stdout.isTTY && !process.env.NO_COLOR
  const lines = drawTimeline(timeline, isColoured ? (line) => `\u001b[31m${line}\u001b[0m` : undefined)
  for (const line of lines) await printStyled(`${line}\n`)
}

/** Returns an entry as a row of CSV. */
function cellsOf(entry: TimelineEntry): Cells {
  const cells: { [column: string]: RestValue } = { at: entry.at, kind: entry.kind }
  if (entry.kind === 'stream') {
    const { stream, name, what, state, error } = entry
    return { ...cells, what: `${name} ${what} (${state})`, id: stream, failure: error }
  }
  const changes = entry.changes.map(
    ({ trait, from, to }) => `${trait}: ${plainText(from)} -> ${plainText(to)}`,
  )
  const shared = { ...cells, changes: changes.join('; ') }
  if (entry.kind === 'folded') return { ...shared, what: `${entry.event_type} x ${entry.count}` }
  const { event_type, message_id, is_failure, user_id, request_id } = entry
  return {
    ...shared,
    what: event_type,
    id: message_id,
    failure: is_failure ? 'yes' : null,
    user_id,
    request_id,
  }
}

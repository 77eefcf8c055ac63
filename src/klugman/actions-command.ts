import { type Command, Option } from 'commander'
import { createCommand, print, printNote, UsageError } from '../cli/program.ts'
import type { Client, ListedAction, PageQuery } from '../client/client.ts'
import { OUTCOMES } from '../domain/action.ts'
import { stringifyJson } from '../text/json.ts'
import { printable } from '../text/printable.ts'
import { ACTION_COLUMNS } from './columns.ts'
import { connect } from './connect.ts'
import { type Listing, printList } from './list.ts'
import { addListOptions, type ListOptions, oneRowOption, pageOf } from './list-options.ts'
import { actionOutput } from './output.ts'
import { progressOf } from './run-action.ts'
import { showCount, watchNew } from './watch.ts'

type Options = ListOptions & {
  readonly id?: string
  readonly results?: string | true
  readonly cancel?: true
}

/** Creates `klugman actions`, which lists bulk actions, shows what became of them, and cancels them. */
export function actionsCommand(): Command {
  const command = createCommand(
    'actions',
    'list what was done to many streams or dead letters at once: by whom, when, to how many; show and cancel it',
    `klugman http://127.0.0.1:8000 actions --limit 10
  klugman actions --id 3 --results failed
  klugman actions --id 3 --cancel`,
  )
    .addOption(oneRowOption('--id <id>', 'show one, with how far it has come'))
    .addOption(
      new Option('--results [outcome]', `what became of each item of --id; only ${OUTCOMES.join(', ')}`),
    )
    .addOption(new Option('--cancel', 'end the one of --id; what is done stays').conflicts('results'))
  return addListOptions(command, 'print new ones', ACTION_COLUMNS.shown.join(', ')).action(run)
}

async function run(options: Options, command: Command): Promise<void> {
  const client = connect(command)
  const { id, results, cancel, json, all, watch, count } = options
  if (count) return showCount((signal) => client.countActions({}, { signal }), options)
  if (id === undefined && (results !== undefined || cancel))
    throw new UsageError(`--${cancel ? 'cancel' : 'results'} needs the --id of an action`)
  const output = actionOutput({ ...options, boxes: false, format: options.format ?? formatOf(options) })
  if (id === undefined) {
    const query: PageQuery = pageOf(options)
    if (watch) return watchNew(listingOf(client), query, output)
    return printList({ listing: listingOf(client), query, isAll: all === true, output, rows: 'actions' })
  }
  if (cancel) {
    await client.cancelAction(id)
    return printNote(`action ${id} was cancelled`)
  }
  if (results !== undefined) return printResults(client, id, results, json === true)
  const action = await client.getAction(id)
  if (json || options.format === 'json') return print(`${stringifyJson(action)}\n`)
  await output.add(action)
  await output.end()
  printNote(progressOf(action))
}

function formatOf({ json, csv }: Options) {
  return json ? 'json' : csv ? 'csv' : 'table'
}

function listingOf(client: Client): Listing<PageQuery, ListedAction> {
  return { page: client.listActions, all: client.actions, count: client.countActions }
}

async function printResults(
  client: Client,
  id: string,
  outcome: string | true,
  isJson: boolean,
): Promise<void> {
  const query = outcome === true ? {} : { outcome }
  for await (const result of client.actionResults(id, query)) {
    const { id: item, outcome: came, reason } = result
    const line = `${item}: ${came}${reason === null ? '' : `, ${printable(reason.split('\n')[0] ?? '')}`}`
    await print(isJson ? `${JSON.stringify({ id: item, outcome: came, reason })}\n` : `${line}\n`)
  }
}

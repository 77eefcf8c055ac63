import { stopSignal } from '../assembly/daemon.ts'
import { print, printNote } from '../cli/program.ts'
import { isConfirmed } from '../cli/terminal/confirm.ts'
import { grouped } from '../cli/terminal/grouped.ts'
import { StatusLine } from '../cli/terminal/status-line.ts'
import type { Client, RestAction } from '../client/client.ts'
import { ConflictError } from '../domain/errors.ts'
import { sleep } from '../runtime/backoff.ts'
import { printable } from '../text/printable.ts'

const LOOK_MS = 500

/** A bulk action that a command begins. */
export type Bulk = {
  /** what it does, such as `reset` */
  readonly verb: string
  /** what it does it to, such as `streams` */
  readonly rows: string
  readonly count: () => Promise<number>
  readonly begin: () => Promise<RestAction>
  /** whether to answer no question */
  readonly yes: boolean
  /** whether to wait until the pipelines of the streams have come to an end */
  readonly wait: boolean
  readonly json: boolean
}

/**
 * Counts what an action would be done to, asks, begins it, and shows how far it comes. Prints what failed, one a line,
 * and sets the exit code 1 where something did. When it is interrupted the action goes on.
 */
export async function runAction(client: Client, bulk: Bulk): Promise<void> {
  const { verb, rows, yes } = bulk
  const count = await bulk.count()
  if (count === 0) return printNote(`no ${rows} match`)
  const question = `${verb} ${grouped(count)} ${count === 1 ? rows.replace(/s$/, '') : rows}? [y/N] `
  if (!yes && !(await isConfirmed(question, `--${verb} of ${grouped(count)} ${rows} needs --yes`)))
    throw new ConflictError('nothing was changed')
  const { id } = await bulk.begin()
  const signal = stopSignal()
  await followAction(client, id, { ...bulk, signal })
}

type Following = Pick<Bulk, 'wait' | 'json'> & { readonly signal: AbortSignal }

/** Shows how far an action comes until it has ended, then what failed. */
async function followAction(client: Client, id: number, { wait, json, signal }: Following): Promise<void> {
  const line = new StatusLine()
  for (;;) {
    const action = await client.getAction(id)
    const hasEnded = action.ended_at !== null
    if (hasEnded && !(wait && stillRuns(action))) {
      line.clear()
      return tellEnd(client, action, json)
    }
    line.show(() => `action ${id}: ${progressOf(action)}`)
    await sleep(LOOK_MS, signal)
    if (!signal.aborted) continue
    line.clear()
    const more = hasEnded ? `klugman actions --id ${id}` : `klugman actions --id ${id}, and --cancel ends it`
    return printNote(`action ${id} goes on: ${more}`)
  }
}

function stillRuns({ outcomes }: RestAction): boolean {
  return (outcomes?.running ?? 0) > 0
}

/** Describes how far an action has come. */
export function progressOf({ total, outcomes, error, state }: RestAction): string {
  if (!outcomes) return state
  const { waiting, begun, running, done, failed } = outcomes
  const parts = [
    `${grouped(total - waiting - begun)} of ${grouped(total)}`,
    `${grouped(done)} done`,
    ...(running > 0 ? [`${grouped(running)} to be run`] : []),
    ...(failed > 0 ? [`${grouped(failed)} failed`] : []),
    ...(error === null ? [] : [printable(error)]),
  ]
  return parts.join(', ')
}

async function tellEnd(client: Client, action: RestAction, isJson: boolean): Promise<void> {
  const { id, outcomes, state } = action
  if (isJson) await print(`${JSON.stringify(action)}\n`)
  const failed = outcomes?.failed ?? 0
  if (failed > 0) {
    for await (const { id: item, reason } of client.actionResults(id, { outcome: 'failed' }))
      await print(isJson ? `${JSON.stringify({ id: item, reason })}\n` : `${item}: ${firstLine(reason)}\n`)
    process.exitCode = 1
  }
  printNote(`action ${id} is ${state}: ${progressOf(action)}`)
  if (state !== 'done') process.exitCode = 1
}

function firstLine(reason: string | null): string {
  return printable((reason ?? '').split('\n')[0] ?? '')
}

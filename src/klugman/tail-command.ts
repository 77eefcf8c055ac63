import type { Command } from 'commander'
import { stopSignal } from '../assembly/daemon.ts'
import { createCommand, print, printNote } from '../cli/program.ts'
import type { TailMessage } from '../client/client.ts'
import type { RestValue } from '../formats/rest-form.ts'
import { stringifyJson } from '../text/json.ts'
import { printable } from '../text/printable.ts'
import { connect } from './connect.ts'
import { plainText } from './format-value.ts'

type Options = {
  readonly kinds?: string
  readonly event?: string
  readonly traits?: string
  readonly name?: string
  readonly state?: string
  readonly distinguishingTraits?: string
  readonly stage?: string
  readonly queue?: string
  readonly reason?: string
  readonly stream?: string
  readonly after?: string
  readonly json?: true
}

/** Creates `klugman tail`, which prints events, streams and dead letters as they come. */
export function tailCommand(): Command {
  return createCommand(
    'tail',
    'print new events, streams that open or change their state, and dead letters as they come, until Ctrl-C; goes on without a gap after the server was away',
    `klugman http://127.0.0.1:8000 tail
  klugman tail --state error
  klugman tail --event 'compute.instance.*' --traits instance_id:8f2c --json`,
  )
    .option('--kinds <kinds>', 'event, stream, dead-letter (default: what there are filters for, else all)')
    .option('--event <name>', 'only events of this type: compute.*, !*.update')
    .option('--traits <pairs>', 'only events with these traits: name:value;name:wide*')
    .option('--name <name>', 'only streams of this trigger')
    .option('--state <state>', 'only streams that come to this state; active: that open')
    .option('--distinguishing-traits <pairs>', 'only streams with these distinguishing traits')
    .option('--stage <stage>', 'only dead letters of this stage')
    .option('--queue <name>', 'only dead letters of this queue')
    .option('--reason <text>', 'only dead letters whose reason holds this text, or is like this pattern')
    .option('--stream <id>', 'only dead letters of this stream')
    .option('--after <id>', 'go on after a message, by the id that --json prints')
    .option('--json', 'one JSON object a line, with the id of the message')
    .action(run)
}

async function run(options: Options, command: Command): Promise<void> {
  const { kinds, event: eventName, name: triggerName, json, ...others } = options
  const query = { ...others, kinds: kinds?.split(','), eventName, triggerName }
  const signal = stopSignal()
  for await (const message of connect(command).tail(query, { signal })) {
    if (json) await print(`${stringifyJson(message)}\n`)
    else if (isRemark(message)) printNote(`${message.kind}: ${printable(message.data.reason)}`)
    else await print(`${printable(lineOf(message))}\n`)
  }
}

type Remark = Extract<TailMessage, { readonly data: { readonly reason: string; readonly stage?: never } }>

function isRemark(message: TailMessage): message is Remark {
  return message.kind === 'gap' || message.kind === 'dropped' || message.kind === 'waiting'
}

function lineOf(message: Exclude<TailMessage, Remark>): string {
  if (message.kind === 'dead-letter') {
    const { id, at, stage, queue, reason } = message.data
    return `${at}  dead letter ${id}, ${stage}${queue === null ? '' : ` of ${queue}`}: ${firstLine(reason)}`
  }
  if (message.kind === 'stream') {
    const { id, name, what, state, at, distinguishing_traits, last_error } = message.data
    const became = what === 'opened' ? 'opened' : `is ${state}`
    const error = last_error === undefined ? '' : `: ${firstLine(last_error)}`
    return `${at ?? ' '.repeat(26)}  stream ${id} of ${name} ${became} (${traitsText(distinguishing_traits)})${error}`
  }
  const { event_type, message_id, timestamp, ...traits } = message.data
  return `${plainText(timestamp)}  ${event_type}  ${message_id}  ${traitsText(traits)}`
}

/** Most characters of the traits of an event in a line. */
const MOST = 200

function traitsText(traits: { readonly [name: string]: RestValue }): string {
  const text = Object.entries(traits)
    .map(([name, value]) => `${name}:${plainText(value)}`)
    .join(';')
  return text.length > MOST ? `${text.slice(0, MOST)}…` : text
}

function firstLine(text: string): string {
  return text.split('\n')[0] ?? ''
}

import { type Command, InvalidArgumentError, Option } from 'commander'
import { InvalidError, messageOf } from '../../domain/errors.ts'
import { formatInstant, type Instant, instantFromMicros, parseInstant } from '../../domain/time.ts'
import { evaluateTimex, type TimexValue, timexHolds } from '../../timex/evaluate.ts'
import { parseTimex } from '../../timex/parser.ts'
import { TimexError } from '../../timex/timex-error.ts'
import { createCommand, print, UsageError } from '../program.ts'
import { readLines } from '../read-lines.ts'

type Variables = { readonly [name: string]: Instant }
type Options = { var: Variables; jsonl?: true }

/** A request: one line of --jsonl input. */
type Request = {
  readonly expr: string
  readonly vars?: { readonly [name: string]: string }
  readonly match?: readonly { readonly at: string }[]
}

/** Creates `stv3 timex`, which evaluates time expressions. */
export function timexCommand(): Command {
  return createCommand(
    'timex',
    'evaluate a time expression',
    "stv3 timex 'day($first) + 6h' --var first=2026-01-31T18:00:00",
  )
    .argument('[expression]', 'the expression; $timestamp is the current time unless --var sets it')
    .addOption(
      new Option('--var <name=time>', 'a variable, ISO 8601').argParser(addVariable).default({}, 'none'),
    )
    .option('--jsonl', 'evaluate lines {"expr", "vars", "match": [{"at"}]} of standard input')
    .action(async (expression: string | undefined, options: Options) => {
      const isAlone = (expression ?? Object.keys(options.var)[0]) === undefined
      if (options.jsonl && !isAlone)
        throw new UsageError('--jsonl takes expressions and variables from its lines')
      if (options.jsonl) return evaluateLines()
      if (expression === undefined) throw new UsageError('expected an expression, or --jsonl')
      const timestamp = instantFromMicros(Date.now() * 1000)
      await print(`${textOf(evaluateTimex(parseTimex(expression), { timestamp, ...options.var }))}\n`)
    })
}

function addVariable(text: string, known: Variables): Variables {
  const [, name, value] = /^([A-Za-z_]\w*)=(.+)$/.exec(text) ?? []
  const time = value === undefined ? undefined : parseInstant(value)
  if (name === undefined || time === undefined) {
    throw new InvalidArgumentError('expected NAME=TIME, such as first=2026-01-31T18:00:00.')
  }
  return { ...known, [name]: time }
}

function textOf(value: TimexValue): string {
  return value.kind === 'range' ? `${iso(value.begin)} to ${iso(value.end)}` : iso(value.at)
}

function iso(instant: Instant): string {
  return formatInstant(instant, 'six')
}

async function evaluateLines(): Promise<void> {
  let number = 0
  let isRefused = false
  for await (const line of readLines('-')) {
    number++
    try {
      await print(`${JSON.stringify(answer(line, number))}\n`)
    } catch (error) {
      if (!(error instanceof InvalidError)) throw error
      isRefused = true
      await print(`${JSON.stringify({ error: error.message })}\n`)
    }
  }
  if (isRefused)
    throw new InvalidError('some lines are not valid requests; the errors printed for them say why')
}

function answer(line: string, number: number): object {
  const { expr, vars = {}, match } = parseRequest(line, number)
  const variables = Object.fromEntries(Object.entries(vars).map(([name, text]) => [name, time(text, number)]))
  try {
    const value = evaluateTimex(parseTimex(expr), variables)
    const result =
      value.kind === 'range'
        ? { kind: 'range', begin: iso(value.begin), end: iso(value.end) }
        : { kind: 'timestamp', timestamp: iso(value.at) }
    return match
      ? { result, match: match.map(({ at }) => ({ at, in: timexHolds(value, time(at, number)) })) }
      : { result }
  } catch (error) {
    if (!(error instanceof TimexError)) throw error
    const phase = error.kind === 'lexer' || error.kind === 'parser' ? 'parse' : 'eval'
    return { result: { error: error.kind, phase, detail: error.message } }
  }
}

function parseRequest(line: string, number: number): Request {
  try {
    const request = JSON.parse(line)
    if (typeof request?.expr === 'string') return request
  } catch (error) {
    throw new InvalidError(`line ${number} is not JSON: ${messageOf(error)}`)
  }
  throw new InvalidError(`line ${number}: expected an object with an expression in expr`)
}

function time(text: string, number: number): Instant {
  const instant = parseInstant(text)
  if (!instant) throw new InvalidError(`line ${number}: ${JSON.stringify(text)} is not an ISO 8601 time`)
  return instant
}

import { once } from 'node:events'
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander'
import { InvalidError, messageOf } from '../domain/errors.ts'
import {
  type ListenAddress,
  type ListenRange,
  parseListenAddress,
  parseLoopbackRange,
} from '../runtime/listen-address.ts'
import { LOG_FORMATS } from '../runtime/log/log-format.ts'
import { LOG_LEVELS } from '../runtime/log/log-level.ts'
import { packageVersion } from '../runtime/version.ts'
import { maskSecrets } from '../text/mask-secrets.ts'
import { NAMED_TIME_FORMS, parseNamedTime } from '../text/named-time.ts'
import { printableLines } from '../text/printable.ts'
import { localZone } from './terminal/local-zone.ts'

/**
 * Creates a command with the options that all commands share, and an example below its help.
 *
 * @example
 * createCommand('check', 'validate a configuration', 'stv3 check -c config/yagi.conf')
 *   .requiredOption('-c, --config <file>', 'winchester.yaml or yagi.conf')
 *   .action(check)
 */
export function createCommand(name: string, description: string, example: string): Command {
  return new Command(name)
    .description(description)
    .addOption(new Option('--log-level <level>', 'how much to log on standard error').choices(LOG_LEVELS))
    .addOption(
      new Option(
        '--log-format <format>',
        'form of the log: for people, or JSON (default: text on a terminal, else json)',
      ).choices(LOG_FORMATS),
    )
    .version(packageVersion())
    .addHelpText('after', `\nExample:\n  ${example}`)
    .showHelpAfterError('(--help shows all options)')
}

/** Creates the option `--listen HOST:PORT`, by default 127.0.0.1 and this port. */
export function listenOption(port: number): Option {
  return apiListenOption().default({ host: '127.0.0.1', port } satisfies ListenAddress, `127.0.0.1:${port}`)
}

/** Creates the option `--listen` without a default, for commands whose configuration names the address. */
export function apiListenOption(): Option {
  return new Option('--listen <host:port>', 'address to listen on').argParser(parseListen)
}

/**
 * Creates the option `--status` of daemons, for where their metrics and health are served. `otherwise` names where else
 * the address may come from, beside the environment.
 */
export function statusOption(otherwise = ', else status of winchester.yaml'): Option {
  return new Option(
    '--status <host:port>',
    `loopback address of metrics and health; of HOST:PORT-PORT the first free port (default: STACKTACH_STATUS of the environment${otherwise})`,
  )
    .env('STACKTACH_STATUS')
    .argParser((text): ListenRange => {
      const range = parseLoopbackRange(text)
      if (range) return range
      throw new InvalidArgumentError(
        'expected HOST:PORT on a loopback address, such as 127.0.0.1:9101 or 127.0.0.1:9101-9109.',
      )
    })
}

/** Wrong usage that is found only when the command runs; the program exits with 2. */
export class UsageError extends Error {}

export type ProgramOptions = {
  /** whether InvalidError is wrong usage, so that the program exits with 2 */
  readonly invalidIsUsage?: boolean
  /** returns what is added to the sentence on an error, such as which variable helps */
  readonly hintOf?: (error: unknown) => string
  /** returns the sentence on an error in the words of the program's own options */
  readonly reword?: (sentence: string) => string
}

/** Error of standard output after which nothing more can be written. */
let outputFailure: NodeJS.ErrnoException | undefined

/**
 * Runs a program to its end and exits the process. The exit code is 0 on success, 1 on a finding or failure
 * (with one sentence on standard error) and 2 on wrong usage. When the reader of standard output closes the
 * pipe, the program ends silently with 0.
 */
export async function runProgram(program: Command, options: ProgramOptions = {}): Promise<void> {
  process.stdout.on('error', (error) => {
    outputFailure = error
  })
  // What cannot be said there can be said nowhere.
  process.stderr.on('error', () => {})
  prepareProgram(program)
  try {
    await program.parseAsync()
    await flushOutput()
  } catch (error) {
    const sentence = sentenceOf(error)
    const hint = options.hintOf?.(error) ?? ''
    const { reword = (text: string) => text } = options
    if (sentence !== undefined) printNote(`${program.name()}: ${reword(sentence)}${hint}`)
    process.exitCode = exitCodeOf(error, options)
  }
  await Promise.all([process.stdout, process.stderr].map(flushed))
  process.exit()
}

/**
 * Prepares a program to be parsed: commander throws instead of ending the process, --log-level and --log-format are
 * taken wherever they stand, and values that are empty are refused.
 */
export function prepareProgram(program: Command): void {
  exitOverrideAll(program)
  program.hook('preAction', (_, command) => {
    const { logLevel, logFormat } = command.optsWithGlobals()
    if (logLevel !== undefined) command.setOptionValue('logLevel', logLevel)
    if (logFormat !== undefined) command.setOptionValue('logFormat', logFormat)
    refuseEmptyValues(command)
    readLocalTimes(command)
  })
}

/** Refuses a second configuration, which would silently take the place of the first. */
function refuseSecondConfig(command: Command): void {
  let count = 0
  command.on('option:config', () => {
    if (++count > 1) command.error("error: option '-c, --config <file>' is given twice", { exitCode: 2 })
  })
}

/** Refuses options and arguments that are given as empty text, as a variable of a script that is not set. */
function refuseEmptyValues(command: Command): void {
  const isEmpty = (value: unknown) => [value].flat().some((one) => one === '')
  for (let one: Command | null = command; one; one = one.parent)
    for (const option of one.options)
      if (isEmpty(one.getOptionValue(option.attributeName())))
        command.error(`error: option '${option.flags}' is empty; expected a value`, { exitCode: 2 })
  command.registeredArguments.forEach((argument, index) => {
    if (isEmpty(command.processedArgs[index]))
      command.error(`error: argument '${argument.name()}' is empty; expected a value`, { exitCode: 2 })
  })
}

/** Returns the exit code for an error with which a program has ended. */
export function exitCodeOf(error: unknown, { invalidIsUsage }: ProgramOptions = {}): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
  if (error instanceof UsageError || (invalidIsUsage && error instanceof InvalidError)) return 2
  return isClosedPipe(error) ? 0 : 1
}

/**
 * Returns the sentence to print, or undefined when commander has already printed one or the reader has closed
 * the pipe.
 */
function sentenceOf(error: unknown): string | undefined {
  if (error instanceof CommanderError || isClosedPipe(error)) return undefined
  return error === outputFailure ? `cannot write to standard output: ${messageOf(error)}` : messageOf(error)
}

function isClosedPipe(error: unknown): boolean {
  // A terminal that was closed fails with EIO; on a file that is a broken disk.
  const closed = process.stdout.isTTY ? ['EPIPE', 'EIO'] : ['EPIPE']
  return error === outputFailure && closed.includes(outputFailure?.code ?? '')
}

/**
 * Writes text or JSON to standard output, with control characters escaped. Resolves when it can take more, so
 * that a slow reader slows the program down. Rejects with the system's error when standard output has failed.
 */
export function print(text: string): Promise<void> {
  return printStyled(printableLines(text))
}

/** Writes data to standard output as print does, unchanged when a file or a program takes it. */
export function printData(text: string): Promise<void> {
  return process.stdout.isTTY ? print(text) : printStyled(text)
}

/**
 * Writes bytes of UTF-8 as printData writes text. Resolves to whether all of them are written, so that their buffer may be
 * used again.
 */
export async function printBytes(bytes: Buffer): Promise<boolean> {
  if (process.stdout.isTTY) await print(bytes.toString())
  else if (outputFailure) throw outputFailure
  else if (!process.stdout.write(bytes)) await once(process.stdout, 'drain')
  return process.stdout.writableLength === 0
}

/** Writes a sentence and a line feed to standard error, without secrets and control characters. */
export function printNote(text: string): void {
  process.stderr.write(`${printableLines(maskSecrets(text))}\n`)
}

/** Writes text with colours as print does. All values in it have to be printable already. */
export async function printStyled(text: string): Promise<void> {
  if (outputFailure) throw outputFailure
  if (!process.stdout.write(text)) await once(process.stdout, 'drain')
}

/** Resolves when standard output has taken everything. Rejects as print does. */
export async function flushOutput(): Promise<void> {
  await flushed(process.stdout)
  if (outputFailure) throw outputFailure
}

/**
 * Resolves when a stream has taken everything written to it: ending the process drops what a pipe has not
 * taken.
 */
function flushed(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => stream.write('', () => resolve()))
}

/** Makes commander throw instead of ending the process itself, which it would do with 1 for wrong usage. */
function exitOverrideAll(command: Command): void {
  command.exitOverride()
  refuseSecondConfig(command)
  command.configureOutput({ outputError: (text, write) => write(printableLines(text)) })
  for (const child of command.commands) exitOverrideAll(child)
}

/** Parses a whole number from `min` to `max`, for options. */
export function parseWhole(min: number, max = Number.MAX_SAFE_INTEGER): (text: string) => number {
  const range = max === Number.MAX_SAFE_INTEGER ? `of at least ${min}` : `from ${min} to ${max}`
  return (text) => {
    const value = Number(text)
    if (text.trim() === '' || !Number.isSafeInteger(value) || value < min || value > max)
      throw new InvalidArgumentError(`expected a whole number ${range}.`)
    return value
  }
}

/** Parses a number above 0, for options. */
export function parsePositive(text: string): number {
  const value = Number(text)
  if (!(value > 0 && Number.isFinite(value))) throw new InvalidArgumentError('expected a number above 0.')
  return value
}

/** An option for a time as people name it, such as 2026-01-31 or -1h: in UTC, or in local time beside --local. */
export class TimeOption extends Option {
  /** the text of the time; undefined where none is given */
  given: string | undefined

  constructor(flags: string, description: string) {
    super(flags, description)
    this.argParser((text) => {
      this.given = text.trim()
      const time = parseNamedTime(this.given, Date.now() * 1000)
      if (time === undefined) throw new InvalidArgumentError(`expected ${NAMED_TIME_FORMS}.`)
      return time
    })
  }
}

/** Creates the option that lets times be given, and printed where a command prints them, in local time. */
export function localOption(): Option {
  return new Option('--local', 'times without a zone are local, not UTC')
}

/** Reads the times of a command again where they are local: options may stand in any order. */
function readLocalTimes(command: Command): void {
  if (!command.opts<{ local?: true }>().local) return
  for (const option of command.options)
    if (option instanceof TimeOption && option.given !== undefined)
      command.setOptionValue(
        option.attributeName(),
        parseNamedTime(option.given, Date.now() * 1000, localZone),
      )
}

function parseListen(text: string): ListenAddress {
  const address = parseListenAddress(text)
  if (!address) throw new InvalidArgumentError('expected HOST:PORT, such as 127.0.0.1:8000.')
  return address
}

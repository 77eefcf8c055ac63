import type { Command, Option } from 'commander'

/** A word that can be completed, and what it is for. */
export type Word = { readonly name: string; readonly about: string }

/** What may follow an option or stand as an argument: some words, the names of files, or a text of any kind. */
export type Values = readonly string[] | 'files'

/** An option, and its values; undefined when it takes none. */
export type CompletedOption = Word & {
  readonly short: string | undefined
  readonly values: Values | undefined
}

/** A command with all that may be completed behind it. */
export type CompletedCommand = Word & {
  /** its names from the program on, such as `db upgrade`; empty for the program itself */
  readonly path: string
  readonly children: readonly Word[]
  readonly options: readonly CompletedOption[]
  readonly arguments: Values
}

/** Words for options that take one of a known set without refusing others, by the long name of the option. */
export type KnownValues = { readonly [option: string]: readonly string[] }

/** Returns a program and all of its commands, each before its own, with what can be completed behind them. */
export function completedCommands(program: Command, known: KnownValues = {}): CompletedCommand[] {
  return commandsBelow(program, '', program.options, known)
}

function commandsBelow(
  command: Command,
  path: string,
  shared: readonly Option[],
  known: KnownValues,
): CompletedCommand[] {
  const options = [...shared, ...command.options, ...(defaultOf(command)?.options ?? [])]
  const completed = options.map((option) => completedOption(option, known))
  const own: CompletedCommand = {
    path,
    ...wordOf(command),
    children: command.commands.map(wordOf),
    options: [...new Map(completed.map((one) => [one.name, one])).values(), HELP],
    arguments: argumentsOf(command),
  }
  const below = (child: Command) =>
    commandsBelow(child, path === '' ? child.name() : `${path} ${child.name()}`, shared, known)
  return [own, ...command.commands.flatMap(below)]
}

const HELP: CompletedOption = { name: '--help', about: 'display help', short: undefined, values: undefined }

/** Returns the command that runs where none is named; commander has no public way to ask. */
function defaultOf(command: Command): Command | undefined {
  const { _defaultCommandName: name } = command as { _defaultCommandName?: string | null }
  return name ? command.commands.find((child) => child.name() === name) : undefined
}

function wordOf(command: Command): Word {
  return { name: command.name(), about: plain(command.description()) }
}

function argumentsOf({ registeredArguments }: Command): Values {
  if (registeredArguments.some((argument) => isFile(argument.name()))) return 'files'
  return registeredArguments.flatMap(({ argChoices }) => argChoices ?? [])
}

function completedOption(option: Option, known: KnownValues): CompletedOption {
  const { long, short, description, required, optional, argChoices, flags } = option
  const values = isFile(flags) ? 'files' : (known[long as string] ?? argChoices ?? [])
  return {
    name: long as string,
    about: plain(description),
    short,
    values: required || optional ? values : undefined,
  }
}

/** Whether the name of an argument, or the flags of an option, say that a file or a folder is meant. */
function isFile(text: string): boolean {
  return /\b(file|folder)\b/.test(text)
}

/** Replaces characters that would end a quoted word of a shell or a description. */
function plain(text: string): string {
  return text.replace(/['"`$[\]\\]/g, ' ').replace(/\s+/g, ' ')
}

/** Returns the options of all commands that take a value, each once. */
export function valuedOptions(commands: readonly CompletedCommand[]): CompletedOption[] {
  const options = commands.flatMap((command) => command.options).filter(({ values }) => values)
  return [...new Map(options.map((one) => [one.name, one])).values()]
}

/** Returns the names of an option as a pattern of a shell: `-c|--config`. */
export function patternOf({ short, name }: CompletedOption): string {
  return short === undefined ? name : `${short}|${name}`
}

/** Returns what matches a command and the word behind it when that is a command too, as patterns of a shell. */
export function pathPatterns(commands: readonly CompletedCommand[]): string[] {
  return commands
    .filter(({ path }) => path !== '')
    .map(({ path }) => `'${path.includes(' ') ? path : ` ${path}`}'`)
}

export function namesOf(words: readonly Word[]): string {
  return words.map(({ name }) => name).join(' ')
}

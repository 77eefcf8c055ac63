import type { Argument, Command, Option } from 'commander'

/** What a manual page says beside the commands of its program. */
export type ManPage = {
  readonly program: Command
  readonly version: string
  /** day of the release, such as 2026-01-31 */
  readonly date: string
  /** paragraphs of the section FILES */
  readonly files?: readonly (readonly [path: string, meaning: string])[]
}

/** Writes the manual page of a program, in the macros of man(7): each command with arguments, options and examples. */
export function manPage({ program, version, date, files = [] }: ManPage): string {
  const name = program.name()
  const commands = program.commands.flatMap((command) => sectionsOf(command, name))
  return [
    `.TH ${name.toUpperCase()} 1 "${date}" "stacktach ${version}" "StackTach"`,
    '.SH NAME',
    `${name} \\- ${text(program.description())}`,
    '.SH SYNOPSIS',
    `.B ${name}`,
    text(program.usage()),
    '.SH OPTIONS',
    ...program.options.flatMap(optionOf),
    '.SH COMMANDS',
    ...commands,
    ...(files.length > 0 ? ['.SH FILES', ...files.flatMap(([path, meaning]) => entry(path, meaning))] : []),
    '.SH EXIT STATUS',
    text('0: success, with or without warnings. 1: a finding or a failure. 2: wrong usage.'),
    '',
  ].join('\n')
}

function sectionsOf(command: Command, parent: string): string[] {
  const name = `${parent} ${command.name()}`
  const children = command.commands.filter((child) => child.name() !== 'help')
  if (children.length > 0) return children.flatMap((child) => sectionsOf(child, name))
  return [
    `.SS "${text(name)} ${text(command.usage())}"`,
    text(`${command.description()}.`),
    ...command.registeredArguments.flatMap(argumentOf),
    ...command.options.filter(({ long }) => long !== '--version').flatMap(optionOf),
    ...examplesOf(command),
  ]
}

function argumentOf(argument: Argument): string[] {
  return entry(argument.name(), argument.description)
}

function optionOf({ flags, description, argChoices }: Option): string[] {
  return entry(flags, argChoices ? `${description}: ${argChoices.join(', ')}` : description)
}

function entry(term: string, meaning: string): string[] {
  return ['.TP', `.B ${text(term)}`, text(meaning)]
}

/** Returns the examples below the help of a command. */
function examplesOf(command: Command): string[] {
  let help = ''
  command.configureOutput({
    writeOut: (part) => {
      help += part
    },
  })
  command.outputHelp()
  const [, examples] = help.split('\nExample:\n')
  return examples === undefined ? [] : ['.PP', 'Example:', '.PP', '.nf', text(examples.trimEnd()), '.fi']
}

/** Escapes what troff would take for its own: backslashes, dashes, and full stops and quotes at the beginning of a line. */
function text(plain: string): string {
  return plain
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replace(/^([.'])/gm, '\\&$1')
}

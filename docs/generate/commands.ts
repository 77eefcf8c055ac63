import { resolve } from 'node:path'
import type { Argument, Command, Option } from 'commander'
import { stv3Program } from '../../src/cli/stv3-program.ts'
import { klugmanProgram } from '../../src/klugman/klugman-program.ts'
import { code, paragraphs, table } from './markdown.ts'

const ROOT = resolve(import.meta.dirname, '../..')

/** Options that every command has. */
const COMMON = ['--log-level', '--log-format', '--version']

/** Writes each command of both programs: usage, arguments, options and examples. */
export async function commandReference(): Promise<string> {
  const programs = [await stv3Program(), klugmanProgram()]
  return paragraphs(
    ...programs.flatMap((program) => [
      ...(ownOptions(program).length > 0 ? [section(program, program.name())] : []),
      ...program.commands.flatMap((command) => sectionsOf(command, program.name())),
    ]),
  )
}

function sectionsOf(command: Command, parent: string): string[] {
  const name = `${parent} ${command.name()}`
  const children = command.commands.flatMap((child) => sectionsOf(child, name))
  return children.length > 0 ? children : [section(command, name)]
}

function section(command: Command, name: string): string {
  const args = command.registeredArguments.map((argument) => [
    code(nameOf(argument)),
    choicesOf(argument.description, argument.argChoices),
    argument.required ? 'required' : '–',
  ])
  const options = ownOptions(command).map((option) => [
    code(option.flags),
    choicesOf(option.description, option.argChoices),
    option.mandatory && option.defaultValue === undefined ? 'required' : defaultOf(option),
  ])
  const rows = [...args, ...options]
  return paragraphs(
    `### ${name}`,
    sentence(command.description()),
    rows.length > 0 ? table(['option', 'meaning', 'default'], rows) : '',
    examplesOf(command),
  )
}

function nameOf(argument: Argument): string {
  const name = `${argument.name()}${argument.variadic ? '...' : ''}`
  return argument.required ? `<${name}>` : `[${name}]`
}

function ownOptions(command: Command): readonly Option[] {
  return command.options.filter(({ long }) => !COMMON.includes(long ?? ''))
}

function choicesOf(description: string, choices: readonly string[] | undefined): string {
  return choices ? `${description}: ${choices.map(code).join(', ')}` : description
}

function defaultOf({ defaultValue, defaultValueDescription }: Option): string {
  if (defaultValueDescription !== undefined) return defaultValueDescription
  if (defaultValue === false) return '–'
  // Where a checkout is.
  return code(typeof defaultValue === 'string' ? defaultValue.replace(`${ROOT}/`, '') : defaultValue)
}

/** The examples below the help of a command, as a block of code. */
function examplesOf(command: Command): string {
  let help = ''
  command.configureOutput({
    writeOut: (text) => {
      help += text
    },
  })
  command.outputHelp()
  const [, examples = ''] = help.split('\nExample:\n')
  const lines = examples.trimEnd().split('\n')
  return lines.map((line) => (line.trim() === '' ? '' : `    ${line.replace(/^ {2}/, '')}`)).join('\n')
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`
}

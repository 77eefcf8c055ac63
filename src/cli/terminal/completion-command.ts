import { Argument, type Command, type Option } from 'commander'
import { STREAM_STATES } from '../../domain/stream.ts'
import { createCommand, print } from '../program.ts'

/** Options of every program that are not completed before its command. */
const COMMON = ['--log-level', '--version']

export const SHELLS = ['bash', 'zsh', 'fish'] as const
type Shell = (typeof SHELLS)[number]

/**
 * Creates the command `completion SHELL` of a program, which prints a script that completes commands, options and stream
 * states. `whole` returns the program with all its commands; by default it is the one that the command belongs to.
 */
export function completionCommand(
  program: string,
  whole: (command: Command) => Command | Promise<Command> = (command) => command.parent as Command,
): Command {
  return createCommand(
    'completion',
    'print a script that lets a shell complete commands, options and states',
    `${program} completion bash > /etc/bash_completion.d/${program}
  ${program} completion zsh > "\${fpath[1]}/_${program}"
  ${program} completion fish > ~/.config/fish/completions/${program}.fish`,
  )
    .addArgument(new Argument('<shell>', 'shell to complete in').choices(SHELLS))
    .action(async (shell: Shell, _, command: Command) => print(completionScript(shell, await whole(command))))
}

type Word = { readonly name: string; readonly about: string }
/** An option and its values for completion; undefined when the option takes no value. */
type CompletedOption = Word & { readonly values: readonly string[] | undefined }
type Completed = Word & {
  readonly options: readonly CompletedOption[]
  readonly arguments: readonly string[]
}

/** Returns the script that completes a program with its commands in a shell. */
export function completionScript(shell: Shell, program: Command): string {
  const commands = program.commands.map((command) => {
    const children = command.commands.filter((child) => child.name() !== 'help')
    const options = [program, command, ...children].flatMap((one) => one.options.map(completedOption))
    return {
      name: command.name(),
      about: plain(command.description()),
      options: [...new Map(options.map((one) => [one.name, one])).values()],
      arguments: [
        ...children.map((child) => child.name()),
        ...command.registeredArguments.flatMap(({ argChoices }) => argChoices ?? []),
      ],
    }
  })
  const own = program.options.filter(({ long }) => !COMMON.includes(long ?? '')).map(completedOption)
  return { bash: bashScript, zsh: zshScript, fish: fishScript }[shell](program.name(), commands, own)
}

function completedOption({ long, description, required, argChoices }: Option): CompletedOption {
  const choices = long === '--state' ? STREAM_STATES : (argChoices ?? [])
  return { name: long as string, about: plain(description), values: required ? choices : undefined }
}

/** Replaces characters that would end a quoted word of a shell or a description. */
function plain(text: string): string {
  return text.replace(/['"`$[\]\\]/g, ' ').replace(/\s+/g, ' ')
}

/** Returns the options of all commands that take a value, each once. */
function valuesOf(commands: readonly Completed[]): readonly CompletedOption[] {
  const options = commands.flatMap((command) => command.options).filter(({ values }) => values)
  return [...new Map(options.map((one) => [one.name, one])).values()]
}

function namesOf(words: readonly Word[]): string {
  return words.map(({ name }) => name).join(' ')
}

function bashScript(program: string, commands: readonly Completed[], own: readonly Word[]): string {
  const cases = commands.map(
    (one) => `    ${one.name}) words="${[namesOf(one.options), ...one.arguments].join(' ')}" ;;`,
  )
  const values = valuesOf(commands).map(
    ({ name, values: list }) => `    ${name}) words="${list?.join(' ')}" ;;`,
  )
  return `_${program}() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD-1]} command= word words
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case $word in ${commands.map(({ name }) => name).join('|')}) command=$word ;; esac
  done
  case $command in
${cases.join('\n')}
    *) words="${namesOf([...commands, ...own])} --help" ;;
  esac
  if [[ $current == = ]]; then current=; elif [[ $previous == = ]]; then previous=\${COMP_WORDS[COMP_CWORD-2]}; fi
  [[ \${COMP_WORDS[COMP_CWORD]} == = ]] && previous=\${COMP_WORDS[COMP_CWORD-1]}
  case $previous in
${values.join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _${program} ${program}
`
}

function zshScript(program: string, commands: readonly Completed[], own: readonly Word[]): string {
  const described = (words: readonly Word[]) => words.map(({ name, about }) => `'${name}:${about}'`).join(' ')
  const cases = commands.map(
    (one) =>
      `    ${one.name}) found=(${described(one.options)} ${one.arguments.map((word) => `'${word}:'`).join(' ')}) ;;`,
  )
  const values = valuesOf(commands).map(
    ({ name, values: list }) => `    ${name}) compadd -- ${list?.join(' ')}; return ;;`,
  )
  return `#compdef ${program}
_${program}() {
  local word command=
  local -a found names told
  for word in \${words[2,CURRENT-1]}; do
    case $word in ${commands.map(({ name }) => name).join('|')}) command=$word ;; esac
  done
  case \${words[CURRENT-1]} in
${values.join('\n')}
  esac
  case $command in
${cases.join('\n')}
    *) found=(${described([...commands, ...own])}) ;;
  esac
  names=("\${(@)found%%:*}")
  told=("\${(@)found/:/  -- }")
  compadd -l -d told -- $names
}
if [[ "$funcstack[1]" == _${program} ]]; then _${program} "$@"; else compdef _${program} ${program}; fi
`
}

function fishScript(program: string, commands: readonly Completed[]): string {
  const line = (condition: string, rest: string) => `complete -c ${program} -f -n '${condition}' ${rest}`
  const lines = commands.flatMap(({ name, about, options, arguments: words }) => [
    line(`not __fish_seen_subcommand_from ${namesOf(commands)}`, `-a ${name} -d '${about}'`),
    ...options.map(({ name: option, about: told, values }) =>
      line(
        `__fish_seen_subcommand_from ${name}`,
        `-l ${option.slice(2)} -d '${told}'${values ? ` -x ${fishValues(values)}` : ''}`,
      ),
    ),
    ...(words.length > 0 ? [line(`__fish_seen_subcommand_from ${name}`, `-a '${words.join(' ')}'`)] : []),
  ])
  return `${lines.join('\n')}\n`
}

/** Returns the values of an option, each with a description: fish would show that of the option beside each. */
function fishValues(values: readonly string[]): string {
  return `-a "${values.map((value) => `${value}\\t''`).join(' ')}"`
}

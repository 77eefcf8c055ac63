import { Argument, type Command, type Option } from 'commander'
import { createCommand, print } from '../program.ts'

const SHELLS = ['bash', 'zsh', 'fish'] as const
type Shell = (typeof SHELLS)[number]

/** `klugman completion SHELL`: a script that lets a shell complete commands, options and states. */
export function completionCommand(): Command {
  return createCommand(
    'completion',
    'print a script that lets a shell complete what is typed',
    `klugman completion bash > /etc/bash_completion.d/klugman
  klugman completion zsh > "\${fpath[1]}/_klugman"
  klugman completion fish > ~/.config/fish/completions/klugman.fish`,
  )
    .addArgument(new Argument('<shell>', 'which').choices(SHELLS))
    .action((shell: Shell, _, command: Command) => print(scriptOf(shell, command.parent as Command)))
}

type Words = { readonly name: string; readonly about: string }

/** What may stand behind a command: its options, with what each takes. */
type Completed = Words & { readonly options: readonly (Words & { readonly values: readonly string[] })[] }

function scriptOf(shell: Shell, program: Command): string {
  const commands = program.commands.map((command) => ({
    name: command.name(),
    about: command.description().split(/[,;]/)[0] as string,
    options: [...program.options, ...command.options].flatMap(wordsOf),
  }))
  return { bash: bashScript, zsh: zshScript, fish: fishScript }[shell](program.name(), commands)
}

function wordsOf(option: Option) {
  if (!option.long || option.hidden) return []
  const values =
    option.long === '--state'
      ? option.description.replace(/^.*: /, '').split(', ')
      : (option.argChoices ?? [])
  return [{ name: option.long, about: option.description, values }]
}

function bashScript(program: string, commands: readonly Completed[]): string {
  const cases = commands.map(
    ({ name, options }) => `    ${name}) words="${options.map((one) => one.name).join(' ')}" ;;`,
  )
  const values = valuesOf(commands).map(([name, list]) => `    ${name}) words="${list.join(' ')}" ;;`)
  return `_${program}() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD-1]} command= word words
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case $word in ${commands.map(({ name }) => name).join('|')}) command=$word ;; esac
  done
  case $command in
${cases.join('\n')}
    *) words="${commands.map(({ name }) => name).join(' ')} --url --debug --help" ;;
  esac
  case $previous in
${values.join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -F _${program} ${program}
`
}

function zshScript(program: string, commands: readonly Completed[]): string {
  const cases = commands.map(({ name, options }) => {
    const specs = options.map((one) => `'${one.name}[${quoted(one.about)}]${valueSpec(one.values)}'`)
    return `    ${name}) _arguments ${specs.join(' ')} ;;`
  })
  const described = commands.map(({ name, about }) => `'${name}:${quoted(about)}'`).join(' ')
  return `#compdef ${program}
_${program}() {
  local command word
  for word in "\${words[@]:1:CURRENT-2}"; do
    case $word in ${commands.map(({ name }) => name).join('|')}) command=$word ;; esac
  done
  case $command in
${cases.join('\n')}
    *) local -a commands=(${described}); _describe command commands ;;
  esac
}
compdef _${program} ${program}
`
}

function fishScript(program: string, commands: readonly Completed[]): string {
  const names = commands.map(({ name }) => name).join(' ')
  const lines = commands.flatMap(({ name, about, options }) => [
    `complete -c ${program} -f -n 'not __fish_seen_subcommand_from ${names}' -a ${name} -d '${quoted(about)}'`,
    ...options.map(
      (one) =>
        `complete -c ${program} -f -n '__fish_seen_subcommand_from ${name}' -l ${one.name.slice(2)} -d '${quoted(one.about)}'${one.values.length > 0 ? ` -x -a '${one.values.join(' ')}'` : ''}`,
    ),
  ])
  return `${lines.join('\n')}\n`
}

function valuesOf(commands: readonly Completed[]): [string, readonly string[]][] {
  const options = commands.flatMap((command) => command.options).filter(({ values }) => values.length > 0)
  return [...new Map(options.map(({ name, values }) => [name, values]))]
}

function valueSpec(values: readonly string[]): string {
  return values.length > 0 ? `:value:(${values.join(' ')})` : ''
}

/** Without what ends a quoted word of a shell, or a description. */
function quoted(text: string): string {
  return text.replace(/['[\]:]/g, ' ')
}

import {
  type CompletedCommand,
  namesOf,
  pathPatterns,
  patternOf,
  type Values,
  valuedOptions,
} from './completed.ts'

/** Returns the script by which bash completes a program. */
export function bashScript(program: string, commands: readonly CompletedCommand[]): string {
  const cases = commands.map(({ path, children, options, arguments: values }) => {
    const words = [namesOf(children), namesOf(options), ...wordsOf(values)].filter(Boolean).join(' ')
    return `    '${path}') words="${words}"${filesOf(values)} ;;`
  })
  const values = valuedOptions(commands).map(
    (option) =>
      `    ${patternOf(option)}) words="${wordsOf(option.values).join(' ')}"${filesOf(option.values)} ;;`,
  )
  return `_${program}() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD-1]} command= word words files=
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$command $word" in ${pathPatterns(commands).join('|')}) command="\${command:+$command }$word" ;; esac
  done
  case $command in
${cases.join('\n')}
  esac
  if [[ $current == = ]]; then current=; elif [[ $previous == = ]]; then previous=\${COMP_WORDS[COMP_CWORD-2]}; fi
  [[ \${COMP_WORDS[COMP_CWORD]} == = ]] && previous=\${COMP_WORDS[COMP_CWORD-1]}
  case $previous in
${values.join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
  # Where no word fits, the names of files do.
  [[ $files ]] && compopt -o default 2>/dev/null
  return 0
}
complete -F _${program} ${program}
`
}

function wordsOf(values: Values | undefined): readonly string[] {
  return values === undefined || values === 'files' ? [] : values
}

function filesOf(values: Values | undefined): string {
  return ` files=${values === 'files' ? 1 : ''}`
}

import { type CompletedCommand, pathPatterns, patternOf, valuedOptions, type Word } from './completed.ts'

/** Returns the script by which zsh completes a program. */
export function zshScript(program: string, commands: readonly CompletedCommand[]): string {
  const cases = commands.map(({ path, children, options, arguments: values }) => {
    const words = values === 'files' ? [] : values
    const found = [...children, ...options, ...words.map((name) => ({ name, about: '' }))]
    return `    '${path}') found=(${found.map(described).join(' ')})${values === 'files' ? ' files=1' : ''} ;;`
  })
  const values = valuedOptions(commands).map((option) => {
    const complete = option.values === 'files' ? '_files' : `compadd -- ${option.values?.join(' ')}`
    return `    ${patternOf(option)}) ${complete}; return ;;`
  })
  return `#compdef ${program}
_${program}() {
  local word command= files=
  local -a found names told
  for word in \${words[2,CURRENT-1]}; do
    case "$command $word" in ${pathPatterns(commands).join('|')}) command="\${command:+$command }$word" ;; esac
  done
  case \${words[CURRENT-1]} in
${values.join('\n')}
  esac
  case $command in
${cases.join('\n')}
  esac
  names=("\${(@)found%%:*}")
  told=("\${(@)found/:/  -- }")
  compadd -l -d told -- $names
  [[ -n $files ]] && _files
  return 0
}
if [[ "$funcstack[1]" == _${program} ]]; then _${program} "$@"; else compdef _${program} ${program}; fi
`
}

function described({ name, about }: Word): string {
  return `'${name}:${about}'`
}

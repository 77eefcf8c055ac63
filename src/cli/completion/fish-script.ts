import { type CompletedCommand, pathPatterns } from './completed.ts'

/** Returns the script by which fish completes a program. */
export function fishScript(program: string, commands: readonly CompletedCommand[]): string {
  const lines = commands.flatMap(({ path, children, options, arguments: values }) => {
    const line = (rest: string, files: '-f' | '-F' = '-f') =>
      `complete -c ${program} ${files} -n '__fish_${program}_at "${path}"' ${rest}`
    return [
      ...children.map(({ name, about }) => line(`-a ${name} -d '${about}'`)),
      ...options.map(({ name, short, about, values: taken }) => {
        const flags = [`-l ${name.slice(2)}`, ...(short === undefined ? [] : [`-s ${short.slice(1)}`])]
        const option = `${flags.join(' ')} -d '${about}'`
        return taken === 'files' ? line(`${option} -r`, '-F') : line(`${option}${optionValues(taken)}`)
      }),
      ...(values === 'files' ? [line('', '-F')] : []),
      ...(values !== 'files' && values.length > 0 ? [line(`-a '${values.join(' ')}'`)] : []),
    ].map((one) => one.trimEnd())
  })
  return `function __fish_${program}_at
  set -l command ''
  for word in (commandline -opc)[2..]
    switch "$command $word"
      case ${pathPatterns(commands).join(' ')}
        set command (string trim "$command $word")
    end
  end
  test "$command" = "$argv[1]"
end
complete -c ${program} -f
${lines.join('\n')}
`
}

/** Returns the values of an option, each with a description: fish would show that of the option beside each. */
function optionValues(values: readonly string[] | undefined): string {
  return values ? ` -x -a "${values.map((value) => `${value}\\t''`).join(' ')}"` : ''
}

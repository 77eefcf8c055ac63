const ACTIONS = ['logs-collector', 'logs-processor'] as const
/** Flags of thunder's programs. */
const ORIGINAL = ['source-dir', 'target-address', 'offsets-db', 'target-dir', 'listen-address']
/** Options of this program that take no value. */
const SWITCHES = [
  ...['recursive', 'zstd', 'tls', 'insecure', 'dry-run', 'json', 'fsync', 'make-dirs', 'allow-plain'],
  'version',
]

type Action = (typeof ACTIONS)[number]

/** What arguments come to: an action with its options, help for one in the way of thunder, or no action. */
export type LogsArgs =
  | { readonly kind: 'run'; readonly args: readonly string[] }
  | { readonly kind: 'help'; readonly action: Action }
  | { readonly kind: 'no action' }

/** Returns whether arguments are for the log transport: an action of it comes first, or a flag of thunder's. */
export function isForLogs([first = '']: readonly string[]): boolean {
  const name = /^--?([^-=][^=]*)/.exec(first)?.[1] ?? ''
  return isAction(first) || ORIGINAL.includes(name)
}

/**
 * Rewrites arguments as thunder takes them: flags have one dash or two, those with `=` may stand before the action, and everything
 * from the first argument behind the action that is no flag is ignored.
 *
 * @example
 * logsArgs(['-target-dir=/srv', 'logs-processor', 'extra']) // { kind: 'run', args: ['logs-processor', '--target-dir=/srv'] }
 */
export function logsArgs(given: readonly string[]): LogsArgs {
  const at = given.findIndex((word) => !word.startsWith('-'))
  const action = given[at]
  if (action === undefined || !isAction(action)) return { kind: 'no action' }
  const args: string[] = [action]
  const words = [...given.slice(0, at), ...given.slice(at + 1)]
  for (let index = 0; index < words.length; index++) {
    const word = words[index] as string
    const [, dashes, name = '', value] = /^(--?)([^-=][^=]*)(?:=([\s\S]*))?$/.exec(word) ?? []
    if (dashes === undefined) {
      // An empty argument is a mistake of a script, and told.
      if (word === '') args.push(word)
      break
    }
    if (dashes === '-' && name.length === 1 && name !== 'h')
      args.push(word, ...words.slice(++index, index + 1))
    else if (name === 'h' || name === 'help') return { kind: 'help', action }
    else if (value !== undefined) args.push(`--${name}=${value}`)
    else if (SWITCHES.includes(name)) args.push(`--${name}`)
    else args.push(`--${name}`, ...words.slice(++index, index + 1))
  }
  return { kind: 'run', args }
}

/**
 * Rewrites the arguments of this process from the form of thunder. Prints help on standard error, as thunder does, and ends the process,
 * where that is asked for, or where no action is named.
 */
export async function prepareLogs(): Promise<void> {
  const parsed = logsArgs(process.argv.slice(2))
  if (parsed.kind === 'run') process.argv = [...process.argv.slice(0, 2), ...parsed.args]
  else {
    const { logsCollectorCommand } = await import('../commands/logs-collector.ts')
    const { logsProcessorCommand } = await import('../commands/logs-processor.ts')
    const commands = [logsCollectorCommand(), logsProcessorCommand()]
    const asked = commands.filter((command) => parsed.kind !== 'help' || command.name() === parsed.action)
    for (const command of asked)
      command.configureOutput({ writeOut: (text) => process.stderr.write(text) }).outputHelp()
    if (parsed.kind === 'no action')
      process.stderr.write(`stv3: there is no action; expected ${ACTIONS.join(' or ')}\n`)
    process.exit(parsed.kind === 'help' ? 0 : 1)
  }
}

function isAction(word: string): word is Action {
  return (ACTIONS as readonly string[]).includes(word)
}

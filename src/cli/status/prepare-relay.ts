import { relayArgs } from './relay-args.ts'

/**
 * Rewrites the arguments of `stv3 status-relay` from the form of hermes. Where help is asked for in that form, prints it on
 * standard error, as hermes does, and ends the process.
 */
export async function prepareRelay(): Promise<void> {
  const { args, isOriginalHelp } = relayArgs(process.argv.slice(3))
  process.argv = [...process.argv.slice(0, 3), ...args]
  if (!isOriginalHelp) return
  const { statusRelayCommand } = await import('../commands/status-relay.ts')
  const command = statusRelayCommand().configureOutput({ writeOut: (text) => process.stderr.write(text) })
  command.outputHelp()
  process.exit(0)
}

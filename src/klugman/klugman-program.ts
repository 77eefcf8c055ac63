import type { Command } from 'commander'
import { createCommand } from '../cli/program.ts'
import { actionsCommand } from './actions-command.ts'
import { completionCommand } from './completion-command.ts'
import { droppedCommand, triggersCommand } from './counters-commands.ts'
import { deadLettersCommand } from './dead-letters-command.ts'
import { eventsCommand } from './events-command.ts'
import { logsCommand } from './logs-command.ts'
import { shipCommand } from './ship-command.ts'
import { statusCommand } from './status-command.ts'
import { streamsCommand } from './streams-command.ts'
import { tailCommand } from './tail-command.ts'
import { timelineCommand } from './timeline-command.ts'

/** Builds klugman with its commands. */
export function klugmanProgram(): Command {
  const program = createCommand(
    'klugman',
    'query the REST API of StackTach; the environment variable KLUGMAN_TOKEN is the bearer token, if it needs one',
    'klugman http://127.0.0.1:8000 streams --count',
  )
    .usage('[options] [URL] COMMAND')
    .option('--url <url>', 'URL of the API (default: the environment variable KLUGMAN_URL)')
    .option('--debug', 'print each request')
  const commands = [
    streamsCommand(),
    eventsCommand(),
    timelineCommand(),
    deadLettersCommand(),
    actionsCommand(),
    triggersCommand(),
    droppedCommand(),
    tailCommand(),
    statusCommand(),
    shipCommand(),
    logsCommand(),
    completionCommand(),
  ]
  for (const command of commands) program.addCommand(command)
  return program
}

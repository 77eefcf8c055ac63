import type { Command } from 'commander'
import { createCompletionCommand } from '../cli/completion/completion-command.ts'
import { STREAM_STATES } from '../domain/stream.ts'

/** Creates `klugman completion SHELL`, which prints a script that completes commands, options and stream states. */
export function completionCommand(): Command {
  return createCompletionCommand({
    program: 'klugman',
    what: 'commands, options and states',
    known: { '--state': STREAM_STATES },
  })
}

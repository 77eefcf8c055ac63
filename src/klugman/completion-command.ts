import type { Command } from 'commander'
import type { KnownValues } from '../cli/completion/completed.ts'
import { createCompletionCommand } from '../cli/completion/completion-command.ts'
import { STREAM_STATES } from '../domain/stream.ts'

/** Words for options of klugman that take more than these. */
export const KNOWN_VALUES: KnownValues = { '--state': STREAM_STATES }

/** Creates `klugman completion SHELL`, which prints a script that completes commands, options and stream states. */
export function completionCommand(): Command {
  return createCompletionCommand({
    program: 'klugman',
    what: 'commands, options and states',
    known: KNOWN_VALUES,
  })
}

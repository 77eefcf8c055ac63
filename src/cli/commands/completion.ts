import type { Command } from 'commander'
import { createCompletionCommand } from '../completion/completion-command.ts'

/**
 * Creates `stv3 completion SHELL`, which prints a script that completes commands, options and files. `whole` returns
 * the program with all of its commands.
 */
export function completionCommand(whole?: () => Promise<Command>): Command {
  return createCompletionCommand({ program: 'stv3', what: 'commands, options and files', whole })
}

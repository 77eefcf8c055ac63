import { Argument, type Command } from 'commander'
import { createCommand, print } from '../program.ts'
import { bashScript } from './bash-script.ts'
import { completedCommands, type KnownValues } from './completed.ts'
import { fishScript } from './fish-script.ts'
import { zshScript } from './zsh-script.ts'

const SCRIPTS = { bash: bashScript, zsh: zshScript, fish: fishScript }
export type Shell = keyof typeof SCRIPTS

export type CompletionParts = {
  /** name of the program */
  readonly program: string
  /** what is completed, for the help */
  readonly what: string
  /** Returns the program with all of its commands; by default the one that the command is part of. */
  readonly whole?: (() => Promise<Command>) | undefined
  readonly known?: KnownValues
}

/** Creates the command `completion SHELL` of a program, which prints a script for the shell. */
export function createCompletionCommand({ program, what, whole, known }: CompletionParts): Command {
  return createCommand(
    'completion',
    `print a script that lets a shell complete ${what}`,
    `${program} completion bash > /etc/bash_completion.d/${program}
  ${program} completion zsh > "\${fpath[1]}/_${program}"
  ${program} completion fish > ~/.config/fish/completions/${program}.fish`,
  )
    .addArgument(new Argument('<shell>', 'shell to complete in').choices(Object.keys(SCRIPTS)))
    .action(async (shell: Shell, _, command: Command) => {
      const root = whole ? await whole() : (command.parent as Command)
      await print(completionScript(shell, root, known))
    })
}

/** Returns the script that completes a program with all of its commands in a shell. */
export function completionScript(shell: Shell, program: Command, known: KnownValues = {}): string {
  return SCRIPTS[shell](program.name(), completedCommands(program, known))
}

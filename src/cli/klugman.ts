#!/usr/bin/env node
import { completionCommand } from '../klugman/completion-command.ts'
import { eventsCommand } from '../klugman/events-command.ts'
import { streamsCommand } from '../klugman/streams-command.ts'
import { createCommand, runProgram } from './program.ts'

const COMMANDS = [streamsCommand(), eventsCommand(), completionCommand()]

/** Puts --url before a bare URL that precedes the command, as the original allows. */
function withUrlOption(args: readonly string[]): string[] {
  const names = new Set(COMMANDS.map((command) => command.name()))
  const command = args.findIndex((arg) => names.has(arg))
  const before = command < 0 ? args : args.slice(0, command)
  const at = before.findIndex((arg) => /^https?:\/\//.test(arg))
  if (at < 0 || args[at - 1] === '--url') return [...args]
  return [...args.slice(0, at), '--url', ...args.slice(at)]
}

process.argv = [...process.argv.slice(0, 2), ...withUrlOption(process.argv.slice(2))]
const program = createCommand(
  'klugman',
  'query the REST API of StackTach; the environment variable KLUGMAN_TOKEN is the bearer token, if it needs one',
  'klugman http://127.0.0.1:8000 streams --count',
)
  .option('--url <url>', 'URL of the API (default: the environment variable KLUGMAN_URL)')
  .option('--debug', 'print each request')
for (const command of COMMANDS) program.addCommand(command)
await runProgram(program, { invalidIsUsage: true })

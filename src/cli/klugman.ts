#!/usr/bin/env node
import { klugmanProgram } from '../klugman/klugman-program.ts'
import { runProgram } from './program.ts'

const program = klugmanProgram()

/** Puts --url before a bare URL that precedes the command, as the original allows. */
function withUrlOption(args: readonly string[]): string[] {
  const names = new Set(program.commands.map((command) => command.name()))
  const command = args.findIndex((arg) => names.has(arg))
  const before = command < 0 ? args : args.slice(0, command)
  const at = before.findIndex((arg) => /^https?:\/\//.test(arg))
  if (at < 0 || args[at - 1] === '--url') return [...args]
  return [...args.slice(0, at), '--url', ...args.slice(at)]
}

process.argv = [...process.argv.slice(0, 2), ...withUrlOption(process.argv.slice(2))]
await runProgram(program, { invalidIsUsage: true })

#!/usr/bin/env node
import { StackTachError } from '../domain/errors.ts'
import { klugmanProgram } from '../klugman/klugman-program.ts'
import { originalArgs } from '../klugman/original-args.ts'
import { runProgram } from './program.ts'

const program = klugmanProgram()

process.argv = [
  ...process.argv.slice(0, 2),
  ...originalArgs(
    process.argv.slice(2),
    program.commands.map((command) => command.name()),
  ),
]
await runProgram(program, {
  invalidIsUsage: true,
  hintOf: (error) =>
    error instanceof StackTachError && error.code === 'unauthorized'
      ? '; klugman takes it from the environment variable KLUGMAN_TOKEN'
      : '',
})

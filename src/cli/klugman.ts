#!/usr/bin/env node
import { requireNode } from './require-node.ts'

requireNode('klugman')
const { StackTachError } = await import('../domain/errors.ts')
const { klugmanProgram } = await import('../klugman/klugman-program.ts')
const { withOptionNames } = await import('../klugman/option-names.ts')
const { originalArgs } = await import('../klugman/original-args.ts')
const { runProgram } = await import('./program.ts')

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
  reword: withOptionNames,
  hintOf: (error) =>
    error instanceof StackTachError && error.code === 'unauthorized'
      ? '; klugman takes it from the environment variable KLUGMAN_TOKEN'
      : '',
})

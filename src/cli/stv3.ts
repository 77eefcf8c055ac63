#!/usr/bin/env node
import type { Command } from 'commander'
import { createCommand, runProgram } from './program.ts'

/** Commands by name, each loaded on demand: a daemon does not load the code of the others. */
const COMMANDS: { readonly [name: string]: () => Promise<Command> } = {
  up: async () => (await import('./commands/up.ts')).upCommand(),
  check: async () => (await import('./commands/check.ts')).checkCommand(),
  db: async () => (await import('./commands/db.ts')).dbCommand(),
  consume: async () => (await import('./commands/consume.ts')).consumeCommand(),
  work: async () => (await import('./commands/work.ts')).workCommand(),
  api: async () => (await import('./commands/api.ts')).apiCommand(),
  clock: async () => (await import('./commands/clock.ts')).clockCommand(),
  'time-server': async () => (await import('./commands/time-server.ts')).timeServerCommand(),
  generate: async () => (await import('./commands/generate.ts')).generateCommand(),
  publish: async () => (await import('./commands/publish.ts')).publishCommand(),
  test: async () => (await import('./commands/test.ts')).testCommand(),
  pipeline: async () => (await import('./commands/pipeline.ts')).pipelineCommand(),
  explain: async () => (await import('./commands/explain.ts')).explainCommand(),
  verify: async () => (await import('./commands/verify.ts')).verifyCommand(),
  distill: async () => (await import('./commands/distill.ts')).distillCommand(),
  'dead-letters': async () => (await import('./commands/dead-letters.ts')).deadLettersCommand(),
  timex: async () => (await import('./commands/timex.ts')).timexCommand(),
}

const program = createCommand(
  'stv3',
  'event streams out of the notifications on a message bus',
  'stv3 check -c config/yagi.conf',
)
const [, , first = ''] = process.argv
const named = Object.hasOwn(COMMANDS, first) ? COMMANDS[first] : undefined
for (const load of named ? [named] : Object.values(COMMANDS)) program.addCommand(await load())
await runProgram(program)

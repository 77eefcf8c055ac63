#!/usr/bin/env node
import { apiCommand } from './commands/api.ts'
import { checkCommand } from './commands/check.ts'
import { consumeCommand } from './commands/consume.ts'
import { dbCommand } from './commands/db.ts'
import { deadLettersCommand } from './commands/dead-letters.ts'
import { distillCommand } from './commands/distill.ts'
import { explainCommand } from './commands/explain.ts'
import { generateCommand } from './commands/generate.ts'
import { publishCommand } from './commands/publish.ts'
import { testCommand } from './commands/test.ts'
import { timeServerCommand } from './commands/time-server.ts'
import { timexCommand } from './commands/timex.ts'
import { upCommand } from './commands/up.ts'
import { workCommand } from './commands/work.ts'
import { createCommand, runProgram } from './program.ts'

const program = createCommand(
  'stv3',
  'event streams out of the notifications on a message bus',
  'stv3 check -c config/yagi.conf',
)
for (const command of [
  upCommand(),
  checkCommand(),
  dbCommand(),
  consumeCommand(),
  workCommand(),
  apiCommand(),
  timeServerCommand(),
  generateCommand(),
  publishCommand(),
  testCommand(),
  explainCommand(),
  distillCommand(),
  deadLettersCommand(),
  timexCommand(),
]) {
  program.addCommand(command)
}
await runProgram(program)

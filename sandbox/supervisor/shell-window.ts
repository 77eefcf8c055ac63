// The klugman shell in a window of its own. Ending it (quit, Ctrl-C, Ctrl-D) stops the sandbox: its session of
// tmux is left.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { paintFor } from './log-line.ts'
import { Screen } from './screen.ts'
import { readSettings } from './settings.ts'
import { Shell } from './shell.ts'
import { welcome } from './welcome.ts'

const settings = readSettings(process.env)
const screen = new Screen(process.stdout, paintFor(process.stdout, process.env))
const print = (text: string) => screen.print(text)
const end = () => process.exit()
const shell = new Shell({
  env: process.env,
  config: settings.config,
  print,
  parts: () => JSON.parse(readFileSync(join(settings.data, 'parts.json'), 'utf8')),
  onQuit: end,
})
print(welcome(settings, { api: process.env.KLUGMAN_URL ?? '', tree: process.env.SANDBOX_TREE ?? '' }, true))
screen.ask(process.stdin, {
  onCommand: (line) => void shell.run(line),
  onEnd: () => {
    if (!shell.interrupt()) end()
  },
})

// Writes numbered lines to a file, as a service would: write-lines.ts KIND FILE NAME COUNT. KIND is `append` (opens the file for each
// few lines), `flock` (the same under a shared lock, and slowly), or `hold` (keeps it open). Prints `done` at its end.

import { spawnSync } from 'node:child_process'
import { closeSync, openSync, writeSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'

const [kind = '', file = '', name = '', count = '0'] = process.argv.slice(2)
const LINES = 20
const PAUSE_MS = 4

function lines(from: number): string {
  const to = Math.min(from + LINES, Number(count))
  return Array.from({ length: to - from }, (_, index) => {
    const number = from + index
    return `${name} ${number} ${'x'.repeat((number * 7919) % 160)}\n`
  }).join('')
}

let held = kind === 'hold' ? openSync(file, 'a') : undefined
for (let from = 0; from < Number(count); from += LINES) {
  const fd = held ?? openSync(file, 'a')
  if (kind === 'flock') spawnSync('flock', ['--shared', '3'], { stdio: ['ignore', 'ignore', 'ignore', fd] })
  const text = lines(from)
  const half = Math.floor(text.length / 2)
  writeSync(fd, text.slice(0, half))
  await delay(PAUSE_MS)
  writeSync(fd, text.slice(half))
  if (held === undefined) closeSync(fd)
}
if (held !== undefined) closeSync(held)
held = undefined
console.log('done')

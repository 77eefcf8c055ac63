// The sandbox on real servers: RabbitMQ and MariaDB of its own and seven parts as processes, supervised.
//
//   node sandbox/supervisor/run.ts [--tmux]     (sandbox/build.sh -s, -x)

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { messageOf } from '../../src/domain/errors.ts'
import { sleep } from '../../src/runtime/backoff.ts'
import { differences, formatLedger } from './ledger.ts'
import { paintFor } from './log-line.ts'
import { PartLog } from './part-log.ts'
import { NAMES, Sandbox } from './sandbox.ts'
import { Screen } from './screen.ts'
import { readSettings } from './settings.ts'
import { Shell } from './shell.ts'
import { formatStatus } from './status.ts'
import { Tmux } from './tmux.ts'
import { welcome } from './welcome.ts'

const STATUS_MS = 1000

/** Aborts at the first and the second request to stop. */
function stopRequests(): { readonly stop: AbortController; readonly hurry: AbortController } {
  return { stop: new AbortController(), hurry: new AbortController() }
}

async function run(isTmux: boolean): Promise<number> {
  const settings = readSettings(process.env)
  const paint = paintFor(process.stdout, process.env)
  const screen = new Screen(process.stdout, paint)
  const { stop, hurry } = stopRequests()
  const request = () => (stop.signal.aborted ? hurry : stop).abort()
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, request)
  // After the terminal was closed everything still stops in order.
  process.stdout.on('error', () => {})
  let isQuiet = false
  const print = (text: string) => {
    if (!isQuiet) screen.print(text)
  }
  const tell = (sentence: string) => screen.print(paint('bold', `sandbox: ${sentence}`))

  tell(`starting RabbitMQ, MariaDB and seven parts on them; data in ${settings.data}`)
  const log = new PartLog({
    folder: join(settings.data, 'logs'),
    names: NAMES,
    paint,
    isFileColoured: isTmux && !process.env.NO_COLOR,
    print,
  })
  const sandbox = await Sandbox.start(settings, log)
  const url = sandbox.env.KLUGMAN_URL ?? ''
  const statusFile = join(settings.data, 'status')
  const showing = showStatus(sandbox, stop.signal, (text) => {
    writeFileSync(statusFile, text)
    if (!isQuiet) screen.status(text)
  })
  const tmux = isTmux ? new Tmux({ data: settings.data, env: sandbox.env, statusFile }) : undefined
  if (tmux) {
    tmux.open()
    print(`tmux has a window for each part: ${tmux.attachCommand}`)
    if (process.stdin.isTTY && process.stdout.isTTY) {
      isQuiet = true
      screen.clearStatus()
      void tmux.attach().then(() => stop.abort())
    } else void tmux.ended(stop.signal).then(() => stop.abort())
  } else {
    const tree = sandbox.env.SANDBOX_TREE ?? ''
    print(welcome(settings, { api: url, tree }, process.stdin.isTTY && process.stdout.isTTY))
    const parts = () => sandbox.pids()
    const shell = new Shell({ env: sandbox.env, config: settings.config, print, parts, onQuit: request })
    const onEnd = () => {
      if (!shell.interrupt()) request()
    }
    screen.ask(process.stdin, { onCommand: (line) => void shell.run(line), onEnd })
  }

  await aborted(stop.signal)
  await showing
  tmux?.close()
  isQuiet = false
  screen.endAsking()
  screen.clearStatus()
  const figures = await sandbox.stop(tell, hurry.signal)
  log.close()
  screen.print(`\n${formatLedger(figures).join('\n')}`)
  screen.print(
    `\nThe data stays in ${settings.data}; the next run goes on with it. sandbox/reset.sh empties it.`,
  )
  return differences(figures).length === 0 ? 0 : 1
}

/** Shows the status line until the signal aborts. */
async function showStatus(
  sandbox: Sandbox,
  signal: AbortSignal,
  show: (text: string) => void,
): Promise<void> {
  while (!signal.aborted) {
    const startedAt = performance.now()
    const text = await sandbox.readStatus().then(formatStatus, () => 'the database is away')
    if (signal.aborted) return
    show(text)
    // A count that takes long must not keep the database busy.
    await sleep(Math.max(STATUS_MS, 10 * (performance.now() - startedAt)), signal)
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve()
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
}

try {
  process.exitCode = await run(process.argv.includes('--tmux'))
} catch (error) {
  process.stderr.write(`sandbox: ${messageOf(error)}\n`)
  process.exitCode = 1
}
process.exit()

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, openSync, readFileSync, readlinkSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { until } from '../until.ts'
import { debianRoot } from './debian-root.ts'
import { overlayRoot } from './overlay-root.ts'
import { type Outcome, run } from './run.ts'

const RECIPE = {
  base: ['python3', 'python3-apt', 'sudo', 'init-system-helpers', 'lsb-base', 'procps'],
  packages: ['logrotate'],
  fetched: [],
}

/** The first process takes in those whose parents have ended. */
const HOLD = overlayRoot("sh -c 'while :; do sleep 0.2; done'")

/** A Debian without systemd: processes and files of its own, the network of this computer. */
export class BareRoot {
  readonly name = 'bare'
  readonly folder: string
  readonly #process: ChildProcess
  readonly #leader: number

  private constructor(folder: string, process: ChildProcess, leader: number) {
    this.folder = folder
    this.#process = process
    this.#leader = leader
  }

  static async open(folder: string): Promise<BareRoot> {
    const root = debianRoot(RECIPE)
    for (const part of ['upper', 'work', 'root']) mkdirSync(join(folder, part), { recursive: true })
    symlinkSync('/bin', join(folder, 'bin'))
    const log = openSync(join(folder, 'hold.log'), 'w')
    const args = ['-mpf', '--kill-child', 'sh', '-ec', HOLD, 'hold', root, folder]
    const child = spawn('unshare', args, { stdio: ['ignore', log, log] })
    let leader = 0
    await until('the root to be held', () => {
      leader = Number(run('pgrep', ['-P', String(child.pid)]).stdout.trim())
      const isInside = leader > 0 && readlinkSync(`/proc/${leader}/root`) === join(folder, 'root')
      return isInside || child.exitCode !== null
    })
    if (child.exitCode !== null) throw new Error(readFileSync(join(folder, 'hold.log'), 'utf8'))
    writeFileSync(join(folder, 'leader.pid'), String(leader))
    const bare = new BareRoot(folder, child, leader)
    bare.run(
      'mkdir -p /var/lib/apt/periodic && touch /var/lib/apt/lists /var/lib/apt/periodic/update-success-stamp',
    )
    return bare
  }

  /** Runs a script in the root, as root. */
  run(script: string): Outcome {
    const enter = ['-t', String(this.#leader), '-m', '-p', '-r', '-w', '--', 'env', '-i']
    const path = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
    return run('nsenter', [...enter, path, '/bin/sh', '-c', script])
  }

  /** Ends all processes in the root. */
  async close(): Promise<void> {
    const ended = once(this.#process, 'exit')
    process.kill(this.#leader, 'SIGKILL')
    await ended
  }
}

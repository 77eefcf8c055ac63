import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, openSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { until } from '../until.ts'
import { addressOf, type Network } from './network.ts'
import { must, type Outcome, run } from './run.ts'

const NAMESPACES = ['-m', '-u', '-i', '-n', '-p', '-C']
const BOOT_MS = 120_000
const STOP_MS = 60_000
const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

/** systemd-nspawn takes what it finds on /run for its own. */
const BOOT = `
mount --make-rprivate /
mount -t tmpfs tmpfs /run
mount -t overlay overlay -o "lowerdir=$1,upperdir=$2/upper,workdir=$2/work" "$2/root"
exec systemd-nspawn -q -D "$2/root" --register=no --keep-unit -M "$3" --hostname="$3" --boot --network-bridge="$4"
`

export type MachineParts = {
  readonly name: string
  /** its place in the network, from 1 to 253 */
  readonly number: number
  /** what it has at the start; never written to */
  readonly root: string
  /** where its own files are */
  readonly folder: string
  readonly network: Network
  /** names of the other machines, and their numbers */
  readonly hosts: { readonly [name: string]: number }
}

/** A machine that is booted: its own systemd, processes, files and network. */
export class Machine {
  readonly name: string
  readonly address: string
  /** what Ansible's chroot connection takes for its root; holds the number of its first process */
  readonly folder: string
  readonly #process: ChildProcess
  readonly #leader: number

  private constructor({ name, number, folder }: MachineParts, process: ChildProcess, leader: number) {
    this.name = name
    this.address = addressOf(number)
    this.folder = folder
    this.#process = process
    this.#leader = leader
  }

  /** Boots a machine. Resolves when its systemd has started all that it has. */
  static async boot(parts: MachineParts): Promise<Machine> {
    const { name, number, root, folder, network, hosts } = parts
    for (const part of ['upper/etc', 'work', 'root']) mkdirSync(join(folder, part), { recursive: true })
    const lines = Object.entries(hosts).map(([host, n]) => `${addressOf(n)} ${host}\n`)
    writeFileSync(join(folder, 'upper/etc/hosts'), `127.0.0.1 localhost\n${lines.join('')}`)
    // Ansible's chroot connection looks for a shell.
    symlinkSync('/bin', join(folder, 'bin'))
    const log = openSync(join(folder, 'boot.log'), 'w')
    const [command = '', ...enter] = network.enter
    const args = [...enter, 'unshare', '-m', 'sh', '-ec', BOOT, 'boot', root, folder, name, network.bridge]
    const child = spawn(command, args, { stdio: ['ignore', log, log] })
    let leader = 0
    try {
      await until(
        `${name} to have a first process`,
        () => {
          leader = Number(run('pgrep', ['-P', String(child.pid), '-x', 'systemd']).stdout.trim())
          return leader > 0 || child.exitCode !== null
        },
        BOOT_MS,
      )
      const machine = new Machine(parts, child, leader)
      writeFileSync(join(folder, 'leader.pid'), String(leader))
      const states = ['running', 'degraded']
      await until(
        `${name} to be up`,
        async () => {
          await delay(100)
          return states.includes(machine.run('systemctl is-system-running').stdout.trim())
        },
        BOOT_MS,
      )
      machine.must(`ip addr add ${addressOf(number)}/24 dev host0 && ip link set host0 up`)
      // Lists of packages count as new: there is no network to fetch others from.
      machine.must(
        'mkdir -p /var/lib/apt/periodic && touch /var/lib/apt/lists /var/lib/apt/periodic/update-success-stamp',
      )
      return machine
    } catch (error) {
      if (leader > 0) process.kill(leader, 'SIGKILL')
      throw new Error(`${name} was not booted: ${readFileSync(join(folder, 'boot.log'), 'utf8')}`, {
        cause: error,
      })
    }
  }

  /** Runs a script on the machine, as root. */
  run(script: string): Outcome {
    const enter = ['-t', String(this.#leader), ...NAMESPACES, '--', 'env', '-i', `PATH=${PATH}`]
    return run('nsenter', [...enter, '/bin/sh', '-c', script])
  }

  /** Runs a script on the machine and returns what it prints. Throws with its words where it fails. */
  must(script: string): string {
    const { status, stdout, stderr } = this.run(script)
    if (status !== 0) throw new Error(`${this.name}: ${script} ended with ${status}:\n${stdout}${stderr}`)
    return stdout
  }

  /** Returns the command that runs a program of this computer in the network of the machine. */
  get network(): readonly string[] {
    return ['nsenter', '-t', String(this.#leader), '-n', '--']
  }

  /** Returns the path of a file of the machine, as this process reaches it. */
  pathOf(file: string): string {
    return join('/proc', String(this.#leader), 'root', file)
  }

  /** Ends the machine in order. */
  async stop(): Promise<void> {
    if (this.#process.exitCode !== null) return
    const ended = once(this.#process, 'exit')
    // What systemd takes for a request to halt.
    must('kill', '-s', 'RTMIN+4', String(this.#leader))
    const timer = setTimeout(() => process.kill(this.#leader, 'SIGKILL'), STOP_MS)
    await ended
    clearTimeout(timer)
  }
}

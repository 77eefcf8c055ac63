import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'

const ANSIBLE = resolve(import.meta.dirname, '../../../ansible')

/** Stands for chroot(8): `$1` is the folder of a machine, the rest is run there. */
const ENTER = `#!/bin/sh
machine=$1
shift
exec nsenter -t "$(cat "$machine/leader.pid")" -m -u -i -n -p -C -r -w -- env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin "$@"
`

type TaskResult = {
  readonly changed?: boolean
  readonly failed?: boolean
  readonly msg?: unknown
  readonly [key: string]: unknown
}

type Report = {
  readonly plays: readonly {
    readonly tasks: readonly {
      readonly task: { readonly name: string }
      readonly hosts: { readonly [host: string]: TaskResult }
    }[]
  }[]
  readonly stats: { readonly [host: string]: { readonly [kind: string]: number } }
}

/** What became of a playbook. */
export type Played = {
  readonly code: number | null
  /** hosts, each with how many tasks were ok, changed, failures, … */
  readonly stats: Report['stats']
  /** `HOST: TASK` of each task that changed something */
  readonly changed: readonly string[]
  /** `HOST: TASK: MESSAGE` of each task that failed */
  readonly failed: readonly string[]
  /** everything that was printed */
  readonly text: string
}

/** Somewhere that Ansible reaches, by the folder of its machine. */
export type Host = { readonly name: string; readonly folder: string }

/** Returns variables by which Ansible reaches machines, and writes the program that they need into a folder. */
export function connectionTo(folder: string) {
  mkdirSync(folder, { recursive: true })
  const enter = join(folder, 'enter')
  writeFileSync(enter, ENTER, { mode: 0o755 })
  return {
    ansible_connection: 'community.general.chroot',
    ansible_chroot_exe: enter,
    ansible_python_interpreter: '/usr/bin/python3',
  }
}

/**
 * Writes an inventory into a folder. `groups`: names of groups, each with its hosts; `variables`: of all hosts. Returns its
 * path.
 */
export function writeInventory(
  folder: string,
  groups: { readonly [group: string]: readonly Host[] },
  variables: object,
): string {
  const connection = connectionTo(folder)
  const children = Object.fromEntries(
    Object.entries(groups).map(([group, hosts]) => [
      group,
      { hosts: Object.fromEntries(hosts.map(({ name, folder: host }) => [name, { ansible_host: host }])) },
    ]),
  )
  const all = { all: { vars: { ...connection, ...variables }, children } }
  const inventory = join(folder, 'inventory.json')
  writeFileSync(inventory, JSON.stringify(all, null, 2), { mode: 0o600 })
  return inventory
}

/** Ansible on this machine. */
export class Ansible {
  readonly #folder: string
  readonly #inventory: string

  /** `folder`: for files of Ansible's own; `inventory`: file or folder. */
  constructor(folder: string, inventory: string) {
    this.#folder = folder
    this.#inventory = inventory
  }

  /** Runs a playbook to its end. */
  async play(playbook: string, ...args: readonly string[]): Promise<Played> {
    const { code, stdout, stderr } = await this.#run('json', playbook, args)
    return playedOf(code, stdout, stderr)
  }

  /** Runs a playbook to its end. Returns what an operator sees. */
  async show(playbook: string, ...args: readonly string[]): Promise<{ code: number | null; text: string }> {
    const { code, stdout, stderr } = await this.#run('default', playbook, args)
    return { code, text: `${stdout}${stderr}` }
  }

  async #run(callback: string, playbook: string, args: readonly string[]) {
    const file = playbook.includes('/') ? playbook : `${playbook}.yaml`
    const child = spawn('ansible-playbook', ['-i', this.#inventory, file, ...args], {
      cwd: ANSIBLE,
      env: {
        ...process.env,
        ANSIBLE_STDOUT_CALLBACK: callback,
        ANSIBLE_NOCOLOR: '1',
        ANSIBLE_LOCAL_TEMP: join(this.#folder, 'tmp'),
        ANSIBLE_LOCALHOST_WARNING: 'false',
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let [stdout, stderr] = ['', '']
    child.stdout.on('data', (chunk) => {
      stdout += chunk
    })
    child.stderr.on('data', (chunk) => {
      stderr += chunk
    })
    const [code]: (number | null)[] = await once(child, 'close')
    return { code: code ?? null, stdout, stderr }
  }
}

function playedOf(code: number | null, stdout: string, stderr: string): Played {
  const text = `${stdout}${stderr}`
  const from = stdout.indexOf('{')
  if (from < 0) return { code, stats: {}, changed: [], failed: [], text }
  const { plays, stats }: Report = JSON.parse(stdout.slice(from))
  const results = plays.flatMap(({ tasks }) =>
    tasks.flatMap(({ task, hosts }) =>
      Object.entries(hosts).map(([host, result]) => ({ at: `${host}: ${task.name}`, result })),
    ),
  )
  return {
    code,
    stats,
    changed: results.filter(({ result }) => result.changed).map(({ at }) => at),
    failed: results
      .filter(({ result }) => result.failed)
      .map(({ at, result }) => `${at}: ${wordsOf(result)}`),
    text,
  }
}

/** Returns what a task that failed says, or the items of its loop that failed. */
function wordsOf({ results, msg, stderr, ...rest }: TaskResult): string {
  if (Array.isArray(results)) {
    const failed: TaskResult[] = results.filter(({ failed }) => failed)
    return failed.map((result) => `${result._ansible_item_label}: ${wordsOf(result)}`).join('; ')
  }
  return typeof msg === 'string'
    ? `${msg} ${stderr ?? ''}`
    : JSON.stringify({ msg, stderr, ...rest }).slice(0, 2000)
}

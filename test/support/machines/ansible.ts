import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
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

/** Ansible on this machine, with an inventory of its own. */
export class Ansible {
  readonly #folder: string
  readonly #inventory: string

  /** `groups`: names of groups, each with its hosts; `variables`: of all hosts. */
  constructor(folder: string, groups: { readonly [group: string]: readonly Host[] }, variables: object) {
    this.#folder = folder
    mkdirSync(folder, { recursive: true })
    const enter = join(folder, 'enter')
    writeFileSync(enter, ENTER)
    chmodSync(enter, 0o755)
    const children = Object.fromEntries(
      Object.entries(groups).map(([group, hosts]) => [
        group,
        { hosts: Object.fromEntries(hosts.map(({ name, folder: host }) => [name, { ansible_host: host }])) },
      ]),
    )
    const connection = {
      ansible_connection: 'community.general.chroot',
      ansible_chroot_exe: enter,
      ansible_python_interpreter: '/usr/bin/python3',
    }
    this.#inventory = join(folder, 'inventory.json')
    const all = { all: { vars: { ...connection, ...variables }, children } }
    writeFileSync(this.#inventory, JSON.stringify(all, null, 2), { mode: 0o600 })
  }

  /** Runs a playbook to its end. */
  async play(playbook: string, ...args: readonly string[]): Promise<Played> {
    const child = spawn('ansible-playbook', ['-i', this.#inventory, `${playbook}.yaml`, ...args], {
      cwd: ANSIBLE,
      env: {
        ...process.env,
        ANSIBLE_STDOUT_CALLBACK: 'json',
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
    const [code] = await once(child, 'close')
    return playedOf(code, stdout, stderr)
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
      .map(({ at, result }) => `${at}: ${JSON.stringify(result).slice(0, 2000)}`),
    text,
  }
}

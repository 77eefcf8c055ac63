import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { freePort } from '../../sandbox/servers/server-process.ts'
import { Ansible, type Played, writeInventory } from '../support/machines/ansible.ts'
import { BareRoot } from '../support/machines/bare-root.ts'
import { BROKEN, buildRelease, releaseLike } from '../support/machines/releases.ts'
import { until } from '../support/until.ts'

const SETUP_MS = 1_800_000
const folder = mkdtempSync(join(tmpdir(), 'stacktach-bare-'))
let bare: BareRoot
let api = 0
let tarball = ''
let ansible: Ansible
let played: Played

const QUEUE = `sysv.${process.pid}`

beforeAll(async () => {
  tarball = buildRelease()
  bare = await BareRoot.open(join(folder, 'bare'))
  const broker = new URL(inject('amqpUrl'))
  const [first, listen] = [await freePort(), await freePort()]
  api = listen
  const cell = {
    rabbit_host: broker.hostname,
    rabbit_port: Number(broker.port),
    rabbit_user: decodeURIComponent(broker.username),
    rabbit_password: decodeURIComponent(broker.password),
    rabbit_exchange: QUEUE,
  }
  const groups = { stv3_workers: [bare], stv3_api: [bare] }
  const variables = {
    database_url: 'sqlite:/var/lib/stv3/stacktach.db',
    cells: [
      { name: 'cell-1', ...cell },
      { name: 'cell-2', ...cell },
    ],
    num_pipeline_workers: 1,
    stv3_queues: [{ name: QUEUE, routing_key: 'monitor.info' }],
    stv3_first_status_port: first,
    stv3_api_listen: `127.0.0.1:${listen}`,
  }
  ansible = new Ansible(folder, writeInventory(join(folder, 'ansible'), groups, variables))
  const file = `tarball_absolute_path=${tarball}`
  played = await ansible.play('workers', '-e', file)
  if (played.code === 0) played = await ansible.play('api', '-e', file)
  if (played.code === 0) played = await ansible.play('site', '-e', file)
}, SETUP_MS)

afterAll(async () => {
  await bare?.close()
  rmSync(folder, { recursive: true, force: true })
}, SETUP_MS)

const CONSUMER = '/etc/init.d/yagi-event-cell-1'

/** Runs a script with arguments. Returns the exit code. */
const codeOf = (line: string) => bare.run(line).status
const processes = () => bare.run('pgrep -u stv3 -fc "stv3.js (consume|work|api)"').stdout.trim()

test('the roles start all daemons as stv3 through scripts, and a second run changes nothing', () => {
  expect(played.failed).toEqual([])
  expect(played.code, played.text.slice(-3000)).toBe(0)
  expect(played.changed).toEqual([])
  expect(processes()).toBe('4')
  expect(bare.run('ls /etc/init.d /etc/rc2.d').stdout).toMatch(/S\d\dyagi-event-cell-2/)
  expect(bare.run(`klugman http://127.0.0.1:${api} streams --count`).status).toBe(0)
})

test('scripts end with the codes of the Linux Standard Base', async () => {
  expect(codeOf(`${CONSUMER} status`)).toBe(0)
  // What runs is not started twice, and what does not run is stopped already.
  expect(codeOf(`${CONSUMER} start`)).toBe(0)
  expect(processes()).toBe('4')
  expect(codeOf(`${CONSUMER} stop`)).toBe(0)
  expect(codeOf(`${CONSUMER} stop`)).toBe(0)
  expect(processes()).toBe('3')
  // The other cell runs, this one does not.
  expect(codeOf('/etc/init.d/yagi-event-cell-2 status')).toBe(0)
  expect(codeOf(`${CONSUMER} status`)).toBe(3)
  expect(codeOf(`${CONSUMER} reload`)).toBe(7)
  expect(codeOf(`${CONSUMER} dance`)).toBe(3)
  expect(codeOf(CONSUMER)).toBe(3)
  expect(codeOf(`runuser -u nobody -- ${CONSUMER} start`)).toBe(4)
  expect(codeOf(`mv /opt/stv3/current /opt/stv3/away; ${CONSUMER} start`)).toBe(5)
  expect(codeOf(`mv /opt/stv3/away /opt/stv3/current; mv /etc/stv3/yagi-cell-1.conf /etc/stv3/away`)).toBe(0)
  expect(codeOf(`${CONSUMER} start`)).toBe(6)
  // A configuration that cannot be used: the process ends at once, and the script says so.
  expect(codeOf(`echo nonsense > /etc/stv3/yagi-cell-1.conf; ${CONSUMER} start`)).toBe(1)
  expect(codeOf(`${CONSUMER} status`)).toBe(3)
  expect(codeOf(`mv /etc/stv3/away /etc/stv3/yagi-cell-1.conf; ${CONSUMER} restart`)).toBe(0)
  expect(processes()).toBe('4')
  expect(codeOf(`${CONSUMER} reload`)).toBe(0)
  await until('the configuration to be read again', () =>
    /reloaded/.test(bare.run('cat /var/log/stv3/yagi-cell-1.log').stdout),
  )
  // Dead, with its file left.
  expect(codeOf('kill -KILL "$(cat /run/stv3/yagi-event-cell-1.pid)"')).toBe(0)
  await until('it to be dead', () => processes() === '3')
  expect(codeOf(`${CONSUMER} status`)).toBe(1)
  // The folder of process ids is gone after a restart of the machine.
  expect(codeOf(`mv /run/stv3 /run/away; ${CONSUMER} start`)).toBe(0)
  expect(codeOf(`${CONSUMER} status`)).toBe(0)
  // The other daemons run on, and their files are needed again.
  expect(codeOf('rm /run/away/yagi-event-cell-1.pid; cp -a /run/away/. /run/stv3; rm -r /run/away')).toBe(0)
})

/** Verbs in the order in which they are tried on a daemon that runs, and their exit codes. */
const VERBS: readonly (readonly [verb: string, code: number])[] = [
  ['status', 0],
  ['stop', 0],
  ['status', 3],
  ['try-restart', 0],
  ['status', 3],
  ['start', 0],
  ['status', 0],
]

test.each(['yagi-event-cell-1', 'yagi-event-cell-2', 'pipeline_worker_1', 'stv3-api'])(
  '%s is stopped, started and restarted alone',
  async (name) => {
    const script = `/etc/init.d/${name}`
    const process = () => bare.run(`cat /run/stv3/${name}.pid`).stdout
    const before = process()
    for (const [verb, code] of VERBS) expect(codeOf(`${script} ${verb}`), verb).toBe(code)
    const started = process()
    expect(started).not.toBe(before)
    for (const verb of ['restart', 'status', 'try-restart', 'force-reload', 'reload', 'status'])
      expect(codeOf(`${script} ${verb}`), verb).toBe(0)
    expect(process()).not.toBe(started)
    expect(processes()).toBe('4')
  },
)

test('SysV logs are rotated, and written on', async () => {
  expect(codeOf('logrotate --force /etc/logrotate.d/stv3')).toBe(0)
  expect(codeOf(`${CONSUMER} reload`)).toBe(0)
  await until('a line in the new file', () => codeOf('test -s /var/log/stv3/yagi-cell-1.log') === 0)
})

/** Returns what the roles have written, with contents. */
function state(): string {
  const what = '/etc/stv3 /etc/init.d/yagi-event-* /etc/init.d/pipeline_worker_* /etc/init.d/stv3-api'
  return bare.run(`find ${what} -type f | sort | xargs sha256sum; ls /etc/rc?.d; readlink /opt/stv3/current`)
    .stdout
}

test('a release that does not work gives way to the one before, with its scripts and configuration', async () => {
  const before = state()
  const broken = releaseLike(tarball, '0.9.9', [BROKEN], folder)
  const more = ['-e', 'num_pipeline_workers=2', '-e', 'statistics_period=12']
  const failed = await ansible.play('upgrade', '-e', `tarball_absolute_path=${broken}`, ...more)
  expect(failed.code).not.toBe(0)
  expect(failed.failed.join('\n')).toMatch(
    /0\.9\.9-test does not work on bare .* and all its daemons can work/,
  )
  expect(state()).toBe(before)
  expect(processes()).toBe('4')
})

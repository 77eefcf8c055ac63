import { appendFileSync, cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { describe as describeRun } from '../../src/notigen/description.ts'
import type { ExpectedStream } from '../../src/notigen/expected/expected-streams.ts'
import { type SimulationOptions, simulate } from '../../src/notigen/simulation.ts'
import { dashboardQueries } from '../support/dashboard-queries.ts'
import { at } from '../support/events.ts'
import type { Played } from '../support/machines/ansible.ts'
import { CommandLines } from '../support/machines/command-lines.ts'
import { Prometheus } from '../support/machines/prometheus.ts'
import { Region, SECRETS } from '../support/machines/region.ts'
import {
  BROKEN,
  buildRelease,
  LATER,
  MIGRATES,
  nameOfRelease,
  releaseLike,
} from '../support/machines/releases.ts'
import { must } from '../support/machines/run.ts'
import { flagsOf } from '../support/servers/simulated-deployment.ts'
import { byDay, streamsOf } from '../support/shipped-run.ts'
import { until } from '../support/until.ts'

const ROOT = resolve(import.meta.dirname, '../..')
const SETUP_MS = 1_800_000
const SETTLED_MS = 600_000
/** notifications that are published at a time while playbooks run, and the time between two such, ms */
const AT_A_TIME = 5
const EVERY_MS = 500

const folder = mkdtempSync(join(tmpdir(), 'stacktach-region-'))
let region: Region
let tarball = ''
/** the runs whose notifications the region has got */
const runs: (SimulationOptions & { readonly end: number })[] = []

beforeAll(async () => {
  tarball = buildRelease()
  region = await Region.boot(folder)
}, SETUP_MS)

afterAll(async () => {
  await region?.stop()
  rmSync(folder, { recursive: true, force: true })
}, SETUP_MS)

const play = (playbook: string, file: string, ...more: readonly string[]) =>
  region.ansible.play(playbook, '-e', `tarball_absolute_path=${file}`, ...more)

/** Expects that a playbook has done what it was to do, and says which tasks did not. */
function expectPlayed(played: Played): void {
  expect(played.failed).toEqual([])
  expect(played.code, played.text.slice(-3000)).toBe(0)
}

/** Plays, expects that it has done what it was to do, and that no secret was seen meanwhile. Prints how long it took. */
async function secretly(name: string, work: () => Promise<Played>): Promise<Played> {
  const lines = new CommandLines(Object.values(SECRETS))
  const started = Date.now()
  const played = await work()
  const seen = lines.stop()
  console.info(`${name} took ${Math.round((Date.now() - started) / 1000)} s`)
  expectPlayed(played)
  expect(seen).toEqual([])
  for (const secret of Object.values(SECRETS)) expect(played.text).not.toContain(secret)
  return played
}

/** A run of the simulator of two days, by its month. */
function runOf(month: number): SimulationOptions & { readonly end: number } {
  const begin = `2026-0${month}-01T00:00:00`
  const run = {
    seed: month,
    start: at(begin),
    end: at(`2026-0${month}-03T00:00:00`),
    instances: 60,
    operationsPerHour: 20,
  }
  runs.push(run)
  return run
}

/** Whether a query is about what has not happened here, of metrics that consumers or workers do have. */
function isRare(query: string): boolean {
  const [name = ''] = /stacktach_((consumer|worker)_dead_letters_total|worker_slow_runs)/.exec(query) ?? []
  const ask = (port: number) => `urllib.request.urlopen("http://127.0.0.1:${port}/metrics").read().decode()`
  const script = `python3 -c 'import urllib.request; print(${ask(9102)} + ${ask(9104)})'`
  return name !== '' && region.machine('worker-1').must(script).includes(`# TYPE ${name} `)
}

/** Waits until everything that was published is stored, and each stream has come to its end. */
async function settled(): Promise<void> {
  const incoming = runs.reduce((sum, run) => sum + describeRun(run).events, 0)
  await region.withStore(async (store) => {
    let last = ''
    try {
      await until(
        'all to be stored and completed',
        async () => {
          await delay(1000)
          const events = await store.countEvents({}, { limit: 1, mark: undefined, ascending: true })
          const streams = await store.listStreams({}, { limit: 1_000_000, mark: undefined, ascending: true })
          const open = streams.filter(({ state }) => state !== 'completed')
          last = `${events} events of at least ${incoming}, ${open.length} of ${streams.length} streams are open`
          return events >= incoming && open.length === 0
        },
        SETTLED_MS,
      )
    } catch (error) {
      throw new Error(`${last}; ${region.machine('worker-1').run('tail -n 5 /var/log/stv3/*.log').stdout}`, {
        cause: error,
      })
    }
  })
}

/** Expects that what was published is archived, and that streams and results are those of the simulator's description. */
async function expectLedger(): Promise<void> {
  await settled()
  const archived = new Set(region.archived())
  const published = runs.flatMap((run) => [...simulate(run)].map(({ body }) => JSON.parse(body).message_id))
  expect(published.filter((id) => !archived.has(id))).toEqual([])
  const expected: ExpectedStream[] = runs.flatMap((run) => [...describeRun(run).expected])
  const streams = await region.withStore((store) => streamsOf(store))
  expect(byDay(streams)).toEqual(byDay(expected))
}

test('a check of new hosts changes nothing', async () => {
  const checked = await play('site', tarball, '--check', '--diff')
  expectPlayed(checked)
  expect(checked.changed).not.toEqual([])
  for (const machine of region.machines)
    expect(machine.must('ls /opt /etc | grep -E "stv3|mysql|rabbitmq" || true')).toBe('')
})

test('a wrong variable is refused before anything happens', async () => {
  const wrong = await play(
    'site',
    tarball,
    '-e',
    '{"num_pipeline_workers": "many"}',
    '--limit',
    'stv3_workers',
  )
  expect(wrong.code).not.toBe(0)
  expect(wrong.failed.join()).toMatch(/num_pipeline_workers/)
  expect(wrong.changed).toEqual([])
})

test('site.yaml makes a region of bare hosts, and no secret is seen', async () => {
  await secretly('site.yaml', () => play('site', tarball, '--diff'))
  for (const machine of region.workers) {
    const units = "'stv3-consumer@cell-1' 'stv3-consumer@cell-2' stv3-worker@1 stv3-worker@2"
    expect(machine.must(`systemctl is-active ${units}; systemctl is-enabled ${units}`)).toBe(
      `${'active\n'.repeat(4)}${'enabled\n'.repeat(4)}`,
    )
    expect(machine.must('readlink /opt/stv3/current')).toBe(`releases/${nameOfRelease(tarball)}\n`)
  }
})

test('a second run and a check of it change nothing', async () => {
  for (const more of [[], ['--check', '--diff']]) {
    const played = await play('site', tarball, ...more)
    expectPlayed(played)
    expect(played.changed).toEqual([])
    for (const stats of Object.values(played.stats)) expect(stats).toMatchObject({ changed: 0, failures: 0 })
  }
})

test('only root and the group stv3 can read a secret', () => {
  for (const machine of region.machines) {
    const open = machine.must(
      'find /etc /opt/stv3 /var/lib/stv3 /var/log -xdev -type f -perm -004 -size -1M -print0 | xargs -0 cat',
    )
    const journal = machine.must('journalctl --no-pager --output=cat')
    for (const secret of Object.values(SECRETS)) {
      expect(open.includes(secret), machine.name).toBe(false)
      expect(journal.includes(secret), machine.name).toBe(false)
    }
  }
  expect(
    region.machine('worker-1').must('stat -c "%U %G %a %n" /etc/stv3/*.env /etc/stv3/winchester.yaml'),
  ).toBe(
    [
      'root stv3 640 /etc/stv3/consumer-cell-1.env',
      'root stv3 640 /etc/stv3/consumer-cell-2.env',
      'root root 600 /etc/stv3/migrate.env',
      'root stv3 640 /etc/stv3/stv3.env',
      'root stv3 640 /etc/stv3/worker-1.env',
      'root stv3 640 /etc/stv3/worker-2.env',
      'root stv3 640 /etc/stv3/winchester.yaml',
      '',
    ].join('\n'),
  )
})

test('what goes in at the broker comes out of klugman', async () => {
  const run = runOf(1)
  expect(await region.simulate(...flagsOf(run)).result()).toMatchObject({ code: 0 })
  await expectLedger()
  const { code, stdout } = await region.klugman('streams', '--count')
  expect(code).toBe(0)
  expect(stdout).toMatch(/ [1-9]\d* /)
})

test('status.yaml tells what all parts say', async () => {
  const played = await region.ansible.play('status')
  expectPlayed(played)
  expect(played.changed).toEqual([])
  expect(played.text).toMatch(/all is well/)
})

test('each query of the dashboard finds something in a Prometheus that is configured as shipped', async () => {
  // A message that becomes a dead letter, so that its counter has a series.
  const odd = join(folder, 'odd.txt')
  writeFileSync(odd, 'this is no notification\n')
  const published = region.program('stv3', 'publish', odd, '--as-is', '-c', region.publisherFile())
  expect(await published.result()).toMatchObject({ code: 0 })
  expect((await region.klugman('streams', '--count')).code).toBe(0)
  const servers = [region.machine('worker-1'), region.machine('worker-2'), region.machine('api-1')].map(
    (machine) => new Prometheus(machine, join(folder, `prometheus-${machine.name}`)),
  )
  try {
    for (const { title, query } of dashboardQueries())
      await until(
        `${title}: ${query}`,
        async () => {
          await delay(200)
          return servers.some((server) => server.query(query).length > 0) || isRare(query)
        },
        SETTLED_MS,
      )
  } finally {
    for (const server of servers) await server.stop()
  }
})

test('a daemon that hangs is started again, one that is killed too', async () => {
  const machine = region.machine('worker-1')
  machine.must(`mkdir -p /run/systemd/system/stv3-worker@1.service.d
    printf '[Service]\\nWatchdogSec=10\\n' > /run/systemd/system/stv3-worker@1.service.d/short.conf
    systemctl daemon-reload && systemctl restart stv3-worker@1`)
  const restarts = () => Number(machine.must('systemctl show -p NRestarts --value stv3-worker@1'))
  await delay(15_000)
  // It has given signs of life meanwhile.
  expect(restarts()).toBe(0)
  machine.must('kill -STOP "$(systemctl show -p MainPID --value stv3-worker@1)"')
  await until(
    'the hung worker to be started again',
    async () => {
      await delay(500)
      return restarts() === 1
    },
    SETTLED_MS,
  )
  machine.must('rm -r /run/systemd/system/stv3-worker@1.service.d && systemctl daemon-reload')
  machine.must('systemctl reset-failed stv3-worker@1; systemctl restart stv3-worker@1')
  machine.must('kill -KILL "$(systemctl show -p MainPID --value stv3-worker@1)"')
  await until(
    'the killed worker to be started again',
    async () => {
      await delay(500)
      return machine.run('systemctl is-active stv3-worker@1').stdout === 'active\n' && restarts() > 0
    },
    SETTLED_MS,
  )
})

test('a daemon whose database is away is up and says what it waits for', async () => {
  const [machine, db] = [region.machine('worker-1'), region.machine('db-1')]
  db.must('systemctl stop mariadb')
  machine.must('systemctl restart stv3-worker@2')
  expect(machine.must('systemctl show -p StatusText --value stv3-worker@2')).toMatch(/^waiting: ./)
  db.must('systemctl start mariadb')
  await until(
    'the worker to run',
    async () => {
      await delay(500)
      return machine.must('systemctl show -p StatusText --value stv3-worker@2') === 'running\n'
    },
    SETTLED_MS,
  )
})

test('logs are rotated by renaming while daemons write, and no line is lost', async () => {
  const machine = region.machine('worker-1')
  const log = '/var/log/stv3/worker-1.log'
  // Each SIGHUP makes one line, that of logrotate too.
  const read = () => machine.must(`ls -tr ${log}* | xargs zcat -f`).trim().split('\n')
  const count = () => read().filter((line) => line.includes('reloaded /etc/stv3')).length
  const before = count()
  for (let signals = 1; signals <= 10; signals += 1) {
    const isRotated = signals % 2 === 1
    const inode = machine.must(`stat -c %i ${log}`)
    machine.must(isRotated ? 'logrotate --force /etc/logrotate.d/stv3' : 'systemctl reload stv3-worker@1')
    if (isRotated) expect(machine.must(`stat -c %i ${log}.1`)).toBe(inode)
    await until(`line ${signals} to be written`, () => count() >= before + signals, SETTLED_MS)
  }
  expect(count()).toBe(before + 10)
  for (const line of read()) expect(JSON.parse(line)).toHaveProperty('time')
  // Five were made, and all but the last are packed.
  expect(machine.must(`ls ${log}.* | wc -l; ls ${log}.*.gz | wc -l`)).toBe('5\n4\n')
})

test('only what has changed is restarted', async () => {
  const machine = region.machine('worker-1')
  const processes = () =>
    machine
      .must(
        'for u in stv3-consumer@cell-1 stv3-consumer@cell-2 stv3-worker@1 stv3-worker@2 stv3-worker@3; do systemctl show -p MainPID --value $u; done',
      )
      .trim()
      .split('\n')
  const before = processes()
  // A third worker: nobody else is touched.
  expectPlayed(await play('workers', tarball, '-e', 'num_pipeline_workers=3'))
  const three = processes()
  expect(three.slice(0, 4)).toEqual(before.slice(0, 4))
  expect(three[4]).not.toBe('0')
  // Two again: the third is ended, and nothing of it is left.
  expectPlayed(await play('workers', tarball))
  expect(processes()).toEqual([...before.slice(0, 4), '0'])
  expect(machine.run('ls /etc/stv3/worker-3.env').status).not.toBe(0)
  // Triggers are read again without a restart.
  const triggers = join(folder, 'triggers.yaml')
  cpSync(resolve(ROOT, 'config/triggers.yaml'), triggers)
  appendFileSync(triggers, '\n# changed\n')
  expectPlayed(await play('workers', tarball, '-e', `stv3_triggers=${triggers}`))
  expect(processes()).toEqual([...before.slice(0, 4), '0'])
  expect(machine.must('grep "reloaded /etc/stv3" /var/log/stv3/worker-1.log | tail -n 1')).toMatch(
    /triggers.yaml|nothing/,
  )
  expectPlayed(await play('workers', tarball))
})

/**
 * Runs playbooks while notifications are published, a few at a time, and the rest of them once the playbooks have ended.
 * Returns when all is published. One process publishes them, since a pause of 5 s would end the backlog: the clock of the
 * region would go on to now, and what is of then would be over.
 */
async function underLoad(month: number, work: () => Promise<void>): Promise<void> {
  const lines = [...simulate(runOf(month))].map(({ body }) => `${body}\n`)
  const publisher = region.publisher()
  const { stdin } = publisher.child
  let sent = 0
  const send = (count: number) => {
    stdin?.write(lines.slice(sent, sent + count).join(''))
    sent = Math.min(sent + count, lines.length)
  }
  const timer = setInterval(() => send(AT_A_TIME), EVERY_MS)
  try {
    await work()
  } finally {
    clearInterval(timer)
    console.info(`${sent} of ${lines.length} notifications were published while the playbook ran`)
    send(lines.length)
    stdin?.end()
    expect(await publisher.result()).toMatchObject({ code: 0 })
  }
}

const versions = () =>
  region.machines.slice(1).map((machine) => machine.must('/usr/local/bin/stv3 --version').trim())

test('a release that does not work is stopped at the first host, which goes on with the one before', async () => {
  const broken = releaseLike(tarball, '0.9.9', [BROKEN], folder)
  const before = versions()
  const played = await play('upgrade', broken)
  expect(played.code).not.toBe(0)
  expect(played.failed.join('\n')).toMatch(
    /0\.9\.9-test does not work on worker-1 .* and all its daemons can work\. No further host .*this release/,
  )
  expect(versions()).toEqual(before)
  expect(
    played.changed.filter((at) => at.startsWith('worker-2') && !/Install|Unpack|Create|Show/.test(at)),
  ).toEqual([])
  expect(region.machine('worker-1').must('systemctl is-active stv3-consumer@cell-1')).toBe('active\n')
})

test('an upgrade and a rollback under load lose nothing and do nothing twice', async () => {
  const next = releaseLike(tarball, '0.9.1', [], folder)
  const before = versions()
  await underLoad(2, async () => {
    await secretly('upgrade.yaml', () => play('upgrade', next, '--diff'))
  })
  expect(versions()).toEqual(['0.9.1', '0.9.1', '0.9.1'])
  await expectLedger()
  await underLoad(3, async () => {
    await secretly('rollback.yaml', () => region.ansible.play('rollback', '--diff'))
  })
  expect(versions()).toEqual(before)
  await expectLedger()
})

test('backup, wipe and restore give the same answers', async () => {
  const questions = [
    ['streams', '--count'],
    ['streams', '--format', 'json', '--limit', '500', '--details'],
    ['events', '--format', 'json', '--limit', '500'],
  ]
  const answers = async () => Promise.all(questions.map(async (question) => region.klugman(...question)))
  const before = await answers()
  for (const { code } of before) expect(code).toBe(0)
  const fetched = join(folder, 'backups')
  const backedUp = await secretly('backup.yaml', () =>
    region.ansible.play('backup', '-e', `stv3_backup_fetch=${fetched}`),
  )
  expect(must('find', fetched, '-printf', '%m ')).toBe('700 600 ')
  const [file = ''] = /\/var\/backups\/stv3\/winchester-\w+\.sql\.gz/.exec(backedUp.text) ?? []
  region.machine('db-1').must('mariadb -e "drop database winchester"')
  expect((await region.klugman('streams', '--count')).code).not.toBe(0)
  await secretly('restore.yaml', () => region.ansible.play('restore', '-e', `stv3_backup=${file}`, '--diff'))
  expect(await answers()).toEqual(before)
})

test('a rollback over a migration is refused, and nothing is changed; the backup of before leads back', async () => {
  const backedUp = await region.ansible.play('backup')
  const [file = ''] = /\/var\/backups\/stv3\/winchester-\w+\.sql\.gz/.exec(backedUp.text) ?? []
  const old = versions()
  const later = releaseLike(tarball, '0.9.2', [MIGRATES], folder)
  expectPlayed(await play('upgrade', later))
  expect(versions()).toEqual(['0.9.2', '0.9.2', '0.9.2'])
  const refused = await region.ansible.play('rollback')
  expect(refused.code).not.toBe(0)
  expect(refused.failed.join('\n')).toMatch(`does not know ${LATER}, and a migration does not go back`)
  expect(refused.changed).toEqual([])
  expect(versions()).toEqual(['0.9.2', '0.9.2', '0.9.2'])
  const named = ['-e', `stv3_version=${nameOfRelease(tarball)}`, '-e', `stv3_backup=${file}`]
  expectPlayed(await region.ansible.play('restore', ...named))
  expect(versions()).toEqual(old)
  await expectLedger()
})

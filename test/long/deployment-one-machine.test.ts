import { appendFileSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { simulate } from '../../src/notigen/simulation.ts'
import { at } from '../support/events.ts'
import { Ansible, type Played } from '../support/machines/ansible.ts'
import type { Machine } from '../support/machines/machine.ts'
import { Machines } from '../support/machines/machines.ts'
import {
  BROKEN,
  buildRelease,
  type Change,
  MIGRATES,
  nameOfRelease,
  releaseLike,
} from '../support/machines/releases.ts'
import { copyInventory } from '../support/machines/shipped-inventory.ts'
import { until } from '../support/until.ts'

const ROOT = resolve(import.meta.dirname, '../..')
const SETUP_MS = 1_800_000
const SETTLED_MS = 600_000
const folder = mkdtempSync(join(tmpdir(), 'stacktach-one-'))
let machines: Machines
let machine: Machine
let ansible: Ansible
let tarball = ''

beforeAll(async () => {
  tarball = buildRelease()
  machines = await Machines.boot(folder, { stacktach: 1 })
  machine = machines.machine('stacktach')
  const inventory = copyInventory('one-machine', folder, folder)
  // Groups as inventories of StackTach.v3 name them.
  const hosts = join(inventory, 'hosts.yaml')
  writeFileSync(hosts, readFileSync(hosts, 'utf8').replaceAll('stv3_', 'stv3-'))
  ansible = new Ansible(folder, inventory)
}, SETUP_MS)

afterAll(async () => {
  await machines?.stop()
  rmSync(folder, { recursive: true, force: true })
}, SETUP_MS)

const play = (playbook: string, ...more: readonly string[]) =>
  ansible.play(playbook, '-e', `tarball_absolute_path=${tarball}`, ...more)

function expectPlayed(played: Played): void {
  expect(played.failed).toEqual([])
  expect(played.code, played.text.slice(-3000)).toBe(0)
}

const DAEMONS = ['stv3-consumer@cell-1', 'stv3-worker@1', 'stv3-worker@2', 'stv3-api']

/** Returns the processes of the daemons, in the order of DAEMONS. */
function processes(): string[] {
  return DAEMONS.map((unit) => machine.must(`systemctl show -p MainPID --value '${unit}'`).trim())
}

/** Returns names, modes, owners and contents of all that the roles write, and which daemons are enabled and run. */
function state(): string {
  return machine.must(`
    find /etc/stv3 /etc/systemd/system /etc/logrotate.d/stv3 /usr/local /opt/stv3 -path /opt/stv3/releases -prune \\
      -o -path /opt/stv3/.before -prune -o -printf '%p %M %u %g %l\\n' | sort
    find /etc/stv3 /etc/systemd/system /etc/logrotate.d/stv3 /usr/local -type f | sort | xargs sha256sum
    systemctl list-units --plain --no-legend 'stv3-*' | cut -d ' ' -f 1-4`)
}

test('groups and roles with the names of StackTach.v3 deploy all parts on one machine', async () => {
  expectPlayed(await play('site'))
  for (const unit of DAEMONS) expect(machine.must(`systemctl is-active '${unit}'`)).toBe('active\n')
  const book = join(folder, 'old.yaml')
  const roles = (...names: readonly string[]) => names.map((role) => `    - ${role}\n`).join('')
  writeFileSync(
    book,
    `- hosts: stv3-workers\n  become: true\n  roles:\n${roles('stv3-common', 'stv3-workers')}
- hosts: stv3-api\n  become: true\n  roles:\n${roles('stv3-common', 'stv3-api')}
- hosts: stv3-db\n  become: true\n  roles:\n${roles('stv3-db')}
- hosts: stv3-rabbit\n  become: true\n  roles:\n${roles('stv3-rabbit')}`.replaceAll(
      /hosts: stv3-(\w+)/g,
      'hosts: stv3_$1',
    ),
  )
  const again = await play(book)
  expectPlayed(again)
  expect(again.changed).toEqual([])
})

test('the units are right and hardened', () => {
  const units = 'stv3-consumer@cell-1.service stv3-worker@1.service stv3-api.service'
  expect(machine.run(`systemd-analyze verify --man=no ${units} 2>&1`)).toMatchObject({
    status: 0,
    stdout: '',
  })
  const checked = machine.run(`systemd-analyze security --no-pager --threshold=30 ${units} 2>&1`)
  expect(checked.status, checked.stdout).toBe(0)
  console.info(checked.stdout.match(/Overall exposure level.*/g))
})

test('what all daemons share reaches each of them, whichever playbook brings it', async () => {
  const before = processes()
  expectPlayed(await play('workers', '-e', 'statistics_period=11'))
  const restarted = processes()
  for (const [index, unit] of DAEMONS.entries()) expect(restarted[index], unit).not.toBe(before[index])
  const same = await play('api', '-e', 'statistics_period=11')
  expectPlayed(same)
  expect(same.changed).toEqual([])
  // Rules are read again without a restart, by the API too.
  const triggers = join(folder, 'triggers.yaml')
  cpSync(resolve(ROOT, 'config/triggers.yaml'), triggers)
  appendFileSync(triggers, '\n# changed\n')
  expectPlayed(await play('workers', '-e', 'statistics_period=11', '-e', `stv3_triggers=${triggers}`))
  expect(processes()).toEqual(restarted)
  for (const log of ['yagi-cell-1', 'worker-1', 'worker-2', 'api'])
    expect(machine.must(`grep -c "reloaded /etc/stv3" /var/log/stv3/${log}.log`), log).toBe('1\n')
  // What is of one daemon restarts that one.
  const own = ['-e', 'statistics_period=11', '-e', `stv3_triggers=${triggers}`]
  expectPlayed(await play('api', ...own, '-e', 'stv3_api_listen=127.0.0.1:8001'))
  expect(processes().slice(0, 3)).toEqual(restarted.slice(0, 3))
  expect(processes()[3]).not.toBe(restarted[3])
  expectPlayed(await play('site'))
})

test('no secret is printed, with --diff and -vvv and where a variable is wrong', async () => {
  mkdirSync(join(folder, 'extra'))
  const extra = join(folder, 'extra/key.pem')
  const pipelines = join(folder, 'extra/pipelines.yaml')
  writeFileSync(extra, 'hidden-in-a-file\n')
  writeFileSync(pipelines, '# hidden-in-pipelines\n')
  const given = {
    stv3_winchester: { api: { hidden: 'hidden-in-winchester' } },
    stv3_environment: { TOKEN: 'hidden-in-environment' },
    stv3_extra_files: [{ src: extra, dest: 'key.pem' }],
    stv3_pipelines: pipelines,
    database_url: 'mysql://winchester:hidden-in-url@localhost/winchester',
    stv3_migration_database_url: 'mysql://schema:hidden-in-migration@localhost/winchester',
    stv3_api_read_token: 'hidden-read',
    stv3_api_write_token: 'hidden-write',
    winchester_db_password: 'hidden-db',
    root_db_password: 'hidden-root',
    stv3_db_migration_user: 'schema',
    stv3_db_migration_password: 'hidden-schema',
    stv3_rabbit_settings: { default_pass: 'hidden-setting' },
    stv3_rabbit_users: [{ name: 'stacktach', password: 'hidden-user' }],
    cells: [
      {
        ...{ name: 'cell-1', rabbit_host: 'localhost', rabbit_user: 'stacktach' },
        rabbit_password: 'hidden-cell',
      },
    ],
  }
  const words = [
    ...JSON.stringify(given).matchAll(/hidden-[a-z-]+/g),
    ['hidden-in-a-file'],
    ['hidden-in-pipelines'],
  ]
  const show = (variables: object, ...more: readonly string[]) =>
    ansible.show(
      'site',
      ...['-e', `tarball_absolute_path=${tarball}`, '-e', JSON.stringify(variables)],
      ...['--check', '--diff', '-vvv', ...more],
    )
  const expectHidden = (text: string) => {
    for (const [word = ''] of words) {
      const place = text.indexOf(word)
      expect(place < 0 ? '' : text.slice(Math.max(0, place - 300), place + 100)).toBe('')
    }
  }
  const shown = await show(given)
  expect(shown.code, shown.text.slice(-3000)).toBe(0)
  expectHidden(shown.text)
  for (const wrong of [
    { stv3_rabbit_users: [{ password: 'hidden-user' }] },
    { cells: [{ ...given.cells[0], rabbit_hosst: 'hidden-cell' }] },
    { stv3_environment: 'hidden-in-environment' },
  ]) {
    const refused = await show({ ...given, ...wrong })
    expect(refused.code, JSON.stringify(wrong)).not.toBe(0)
    expectHidden(refused.text)
  }
})

test('a check of an upgrade changes nothing', async () => {
  const before = state()
  const checked = await ansible.play(
    'upgrade',
    '-e',
    `tarball_absolute_path=${releaseLike(tarball, '0.9.0', [], folder)}`,
    ...['--check', '--diff'],
  )
  expectPlayed(checked)
  expect(checked.changed).not.toEqual([])
  expect(state()).toBe(before)
})

/** The units of this release have another description. */
const OTHER_UNITS: readonly Change[] = ['stv3-api', 'stv3-consumer@', 'stv3-worker@'].map((unit) => [
  `share/systemd/${unit}.service`,
  'Description=StackTach',
  'Description=The other StackTach',
])

const upgrade = (file: string, ...more: readonly string[]) =>
  ansible.play('upgrade', '-e', `tarball_absolute_path=${file}`, ...more)

test('a host on which a release does not work gets release, configuration and units of before', async () => {
  const [before, ran] = [state(), processes()]
  const broken = releaseLike(tarball, '0.9.1', [BROKEN, ...OTHER_UNITS], folder)
  const more = ['num_pipeline_workers=3', 'statistics_period=12', 'stv3_log_days=3', 'stv3_health_retries=5']
  const played = await upgrade(broken, ...more.flatMap((variable) => ['-e', variable]))
  expect(played.code).not.toBe(0)
  expect(played.failed.join('\n')).toMatch(
    new RegExp(
      `release 0.9.1-test does not work on stacktach .* has release ${nameOfRelease(tarball)} again with its ` +
        'configuration and units of before, and all its daemons can work\\..*this release does not work',
    ),
  )
  expect(state()).toBe(before)
  for (const [index, process] of processes().entries()) expect(process).not.toBe(ran[index])
  // What was kept is for root only, since passwords are in it.
  expect(
    machine.must('stat -c "%U %a" /opt/stv3/.before; runuser -u stv3 -- ls /opt/stv3/.before || true'),
  ).toBe('root 700\n')
})

/** Breaks a replay off, expects that a rollback is refused, and ends the replay. */
async function refuseWhileReplayed(): Promise<void> {
  const start = at('2026-01-01T00:00:00')
  const run = { seed: 1, start, end: at('2026-01-03T00:00:00'), instances: 5, operationsPerHour: 5 }
  const lines = [...simulate(run)].map(({ body }) => `${body}\n`).join('')
  writeFileSync(machine.pathOf('var/lib/stv3/replayed.jsonl'), lines)
  const replay = 'stv3-run replay /var/lib/stv3/replayed.jsonl -c /etc/stv3/winchester.yaml'
  machine.must(`systemd-run -q --unit=replayed ${replay} --speed 1`)
  const leave = 'stv3-run db status --for-rollback -c /etc/stv3/winchester.yaml'
  await until('the replay to have begun', () => machine.run(leave).status === 1, SETTLED_MS)
  machine.must('systemctl kill --signal=KILL replayed')
  const [before, ran] = [state(), processes()]
  const refused = await ansible.play('rollback')
  expect(refused.code).not.toBe(0)
  expect(refused.failed.join('\n')).toMatch(/a replay of \S+ (runs|is unfinished).*Nothing was changed/)
  expect(refused.changed).toEqual([])
  expect(state()).toBe(before)
  expect(processes()).toEqual(ran)
  await until('the replay to end', () => machine.run(replay).status === 0, SETTLED_MS)
}

test('an upgrade brings the units of its release, a rollback those of the release before', async () => {
  const before = state()
  expectPlayed(await upgrade(releaseLike(tarball, '0.9.2', OTHER_UNITS, folder)))
  expect(machine.must('systemctl show -p Description --value stv3-api stv3-worker@2')).toMatch(
    /^The other .*\n\nThe other .*\n$/,
  )
  const same = await ansible.play('site', '-e', 'stv3_version=0.9.2-test')
  expectPlayed(same)
  expect(same.changed).toEqual([])
  await refuseWhileReplayed()
  expectPlayed(await ansible.play('rollback'))
  // The release that was rolled back from is the one before now.
  expect(state().replaceAll(/\S*previous.*\n/g, '')).toBe(before.replaceAll(/\S*previous.*\n/g, ''))
})

test('where the release of before cannot work with the schema, the playbook says so', async () => {
  const broken = releaseLike(tarball, '0.9.3', [BROKEN, MIGRATES], folder)
  const played = await upgrade(broken, '-e', 'stv3_health_retries=2')
  expect(played.code).not.toBe(0)
  expect(played.failed.join('\n')).toMatch(/of its daemons cannot work: stv3-api \(.*they say: .*900-later/)
})

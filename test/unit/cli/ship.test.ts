import { existsSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { folderWith, temporaryFolder } from '../../support/folders.ts'
import { runInProcess } from '../../support/run-in-process.ts'
import { APP_LOGS, ShipFixture } from '../../support/ship/ship-fixture.ts'
import { SimpleStore } from '../../support/ship/simple-store.ts'

const HOUR = 3600
const SET = { ...APP_LOGS, retain_time: HOUR }

function host(): ShipFixture {
  const fixture = new ShipFixture(temporaryFolder(), [SET])
  fixture.write('/srv/a.log', 'alpha', HOUR)
  fixture.write('/srv/b.log', 'beta', 3 * HOUR)
  return fixture
}

/** Runs a command of `stv3 ship` on a host. */
function ship(fixture: ShipFixture, ...args: readonly string[]) {
  return runInProcess('stv3', ['ship', ...args, '-c', fixture.file, '--log-level', 'error'])
}

function linesOf(stdout: string): { readonly [key: string]: unknown }[] {
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
}

test('faults have their place, and cost other log sets nothing', async () => {
  const folder = folderWith({
    'sets.yaml': `- name: bad
  search_dirs: [/srv]
  regex: '^/srv/(.+)$'
  manta_path: /%q/$2
  zones: [global]
- {name: good, search_dirs: [/srv], regex: x, manta_path: /m, zones: [global]}
`,
    'tabs.json':
      '[\n\t{"name": "a", "search_dirs": ["/srv"],\n\t"regex": "(", "manta_path": "/m", "zones": []}\n]\n',
    'comma.json': '[\n  {"name": "a",}\n]\n',
  })
  const { code, stdout } = await runInProcess('stv3', [
    'ship',
    'check',
    '-c',
    `${folder}/sets.yaml`,
    '--sets',
  ])
  expect(code).toBe(1)
  expect(stdout).toContain('sets.yaml:4:15: manta_path: character 2: "%q" is no placeholder')
  expect(stdout).toContain('sets.yaml:4:15: manta_path: $2 is none of the groups of regex, which has 1')
  expect(stdout).toContain('{"name":"good"')
  const tabs = await runInProcess('stv3', ['ship', 'check', '-c', `${folder}/tabs.json`])
  expect(tabs.stdout).toContain('tabs.json:3:12: regex: Invalid regular expression')
  const comma = await runInProcess('stv3', ['ship', 'check', '-c', `${folder}/comma.json`])
  expect(comma.stdout).toContain('comma.json:2:16: not JSON')
})

test('a target that would be shipped itself, or is not there, is refused', async () => {
  const fixture = new ShipFixture(temporaryFolder(), [
    { ...SET, search_dirs: ['/'] },
    { ...SET, name: 'x', target: 'y' },
  ])
  const inside = new ShipFixture(temporaryFolder(), [SET], {
    targets: { nfs: { kind: 'file', folder: join(fixture.root, 'srv/store') } },
    root: fixture.root,
  })
  expect((await ship(inside, 'check')).stdout).toContain('it would ship the files of the target nfs')
  expect((await ship(fixture, 'check')).stdout).toContain('its target "y" is none of targets (store)')
})

test('explain says what each log set makes of a file, and why', async () => {
  const fixture = host()
  utimesSync(fixture.path('/srv/b.log'), 3 * HOUR, 3 * HOUR)
  const at = ['--now', '1970-01-01T03:05:00']
  const { stdout } = await ship(fixture, 'explain', fixture.path('/srv/b.log'), ...at)
  expect(stdout).toContain('app: too_young')
  expect(stdout).toContain('shipped from:     1970-01-01T03:10:00.000Z')
  const json = await ship(fixture, 'explain', fixture.path('/srv/a.log'), '/nosuch.log', '--json', ...at)
  expect(linesOf(json.stdout)).toEqual([
    {
      ...{ path: fixture.path('/srv/a.log'), set: 'app', decision: 'due', target: '/app/a', date: null },
      ...{ archive_after: '1970-01-01T01:10:00.000Z', delete_after: '1970-01-01T02:10:00.000Z' },
      ...{ upload: true, delete: true, error: null },
    },
    expect.objectContaining({
      set: null,
      decision: 'no_match',
      error: 'no log set applies to where it lies',
    }),
  ])
})

test('a dry run changes nothing', async () => {
  const fixture = host()
  const { code, stdout } = await ship(fixture, 'run', '--dry-run', '--json', '--now', '1970-01-01T03:05:00')
  expect(code).toBe(0)
  const decided = linesOf(stdout).map(({ decision, delete: isDeleted }) => [decision, isDeleted])
  expect(decided.sort()).toEqual([
    ['due', true],
    ['too_young', false],
  ])
  expect([fixture.local('/srv/a.log'), fixture.object('/app/a')]).toEqual(['alpha', undefined])
  expect(existsSync(join(fixture.root, '../ship.db'))).toBe(false)
})

test('verify finds what the store has lost or changed, and restore fetches what it has', async () => {
  const fixture = host()
  expect((await ship(fixture, 'run', '--once', '--now', '1970-01-01T04:00:00')).code).toBe(0)
  expect([fixture.local('/srv/a.log'), fixture.local('/srv/b.log')]).toEqual([undefined, 'beta'])
  expect(await ship(fixture, 'verify')).toMatchObject({
    code: 0,
    stdout: '2 of 2 objects are as they were shipped\n',
  })
  const output = join(temporaryFolder(), 'restored')
  expect((await ship(fixture, 'restore', '/app/a', '--output', output)).stdout).toContain('as it was shipped')
  expect(readFileSync(output, 'utf8')).toBe('alpha')
  expect((await ship(fixture, 'restore', '/app/a', '--output', output)).stderr).toContain('is there already')
  expect((await ship(fixture, 'restore', '/app/none', '--output', `${output}2`)).stderr).toContain(
    'no object /app/none',
  )
  expect(existsSync(`${output}2`)).toBe(false)

  writeFileSync(join(fixture.store, 'app/a'), 'ALPHA')
  rmSync(join(fixture.store, 'app/b'))
  const verified = await ship(fixture, 'verify', '--json')
  expect(verified.code).toBe(1)
  expect(linesOf(verified.stdout)).toMatchObject([
    { key: '/app/a', state: 'differs', is_deleted: true },
    { key: '/app/b', state: 'missing', is_deleted: false },
  ])
  expect((await ship(fixture, 'restore', '/app/a', '--output', `${output}3`)).stderr).toContain(
    'has another /app/a',
  )
  expect(existsSync(`${output}3`)).toBe(false)
})

/** Answers of `stv3 ship check --connect` about a bucket of a store. */
async function checkOf(url: string, more: object = {}) {
  const folder = folderWith({ secret: 's3cret' })
  const own = { kind: 's3', bucket: 'bucket', endpoint: url, access_key: 'AK', ...more }
  const fixture = new ShipFixture(temporaryFolder(), [{ ...SET, target: 'own' }], {
    targets: { own: { ...own, secret_file: join(folder, 'secret') } },
  })
  return ship(fixture, 'check', '--connect')
}

test.each([
  ['heeded', 0, 'target own: creates an object only where there is none'],
  ['refused', 0, 'target own: warning: takes no conditional writes; it is asked for an object'],
  ['ignored', 1, 'target own: takes no conditional writes and does not say so: an object that is there'],
] as const)(
  'check says of a store by which conditions are %s what that means',
  async (conditions, code, said) => {
    const { url } = await SimpleStore.start(conditions)
    // The object is there at the second time.
    for (let count = 0; count < 2; count++)
      expect(await checkOf(url)).toMatchObject({ code, stdout: expect.stringContaining(said) })
    expect(await checkOf(url, { conditions: false })).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('it is asked for an object'),
    })
  },
)

test('check says which target cannot be asked', async () => {
  const { code, stdout } = await checkOf('http://127.0.0.1:1')
  expect([code, stdout]).toEqual([1, expect.stringContaining('target own: cannot be used: ')])
})

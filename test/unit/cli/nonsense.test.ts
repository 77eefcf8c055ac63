import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { stv3Program } from '../../../src/cli/stv3-program.ts'
import { klugmanProgram } from '../../../src/klugman/klugman-program.ts'
import { folderWith } from '../../support/folders.ts'
import { runInProcess } from '../../support/run-in-process.ts'

const CONFIG = resolve(import.meta.dirname, '../../../config')

const folder = mkdtempSync(join(tmpdir(), 'stacktach-unit-'))

beforeAll(async () => {
  const files = {
    'winchester.yaml': 'database:\n  url: sqlite:events.db\n',
    'none.yaml': 'tests: []\n',
    empty: '',
    'memory.conf':
      '[rabbit_broker]\nurl = memory:\n[consumers]\nqueues = q\n[consumer:q]\napps = NullHandler\n',
    'notification.json': '{"event_type": "a", "message_id": "1", "payload": {"password": "x"}}',
    'envelope.json': '\n{"oslo.version": "2.0", "oslo.message": "{}"}',
    'faulty.jsonl': '{"event_type": "a"}\nno JSON\n{"b":}\n',
  }
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
  await runInProcess('stv3', words('db upgrade -c WINCHESTER'))
  return () => rmSync(folder, { recursive: true })
})

/** Replaces the names of files in a command line by their paths. */
function words(line: string): string[] {
  const files: { readonly [name: string]: string } = {
    WINCHESTER: join(folder, 'winchester.yaml'),
    SHIPPED: join(CONFIG, 'winchester.yaml'),
    YAGI: join(CONFIG, 'yagi.conf'),
    DEFINITIONS: join(CONFIG, 'event_definitions.yaml'),
    TRIGGERS: join(CONFIG, 'triggers.yaml'),
    MEMORY: join(folder, 'memory.conf'),
    NOTIFICATION: join(folder, 'notification.json'),
    ENVELOPE: join(folder, 'envelope.json'),
    FAULTY: join(folder, 'faulty.jsonl'),
    EMPTY: join(folder, 'empty'),
    NOTESTS: join(folder, 'none.yaml'),
  }
  return line.split(' ').map((word) => (word === "''" ? '' : (files[word] ?? word)))
}

/** A command line with a value that can mean nothing, and what its error says. */
const NONSENSE: readonly (readonly [line: string, code: number, told: RegExp])[] = [
  ['dead-letters ls --stage bogus -c WINCHESTER', 2, /expected one of decode, validate, .* or app:NAME/],
  ['dead-letters ls --stage app: -c WINCHESTER', 2, /expected one of decode/],
  ["dead-letters ls --queue '' -c WINCHESTER", 2, /'--queue <name>' is empty/],
  ['dead-letters ls --limit -1 -c WINCHESTER', 2, /whole number of at least 1/],
  ['dead-letters ls --limit 0 -c WINCHESTER', 2, /whole number of at least 1/],
  ['dead-letters ls --since soon -c WINCHESTER', 2, /expected an ISO 8601 time/],
  ['dead-letters ls --since 2027-01-01 --until 2026-01-01 -c WINCHESTER', 2, /--since is not before --until/],
  ['dead-letters retry --stage bogus --all -c WINCHESTER', 2, /expected one of decode/],
  ['dead-letters retry -c WINCHESTER', 2, /expected ids, or --all/],
  ['dead-letters retry 7 -c WINCHESTER', 1, /no dead letter 7/],
  ['tap -c WINCHESTER', 1, /is no yagi.conf/],
  ['tap -c YAGI --queue nosuch', 1, /has no queue nosuch/],
  ['tap -c YAGI --limit 0', 2, /whole number of at least 1/],
  ['dead-letters drop --stage bogus --all --yes -c WINCHESTER', 2, /expected one of decode/],
  ['dead-letters drop x -c WINCHESTER', 2, /whole number/],
  ['dead-letters show 7 -c WINCHESTER', 1, /there is no dead letter 7/],
  ['dead-letters nosuch -c WINCHESTER', 2, /unknown command/],
  ['clock forget nosuch -c WINCHESTER', 1, /nobody who has ended holds/],
  ["clock forget '' -c WINCHESTER", 2, /'queue' is empty/],
  ["check -c ''", 2, /'-c, --config <file>' is empty/],
  ['check -c SHIPPED --against EMPTY', 1, /no notifications to compare/],
  ["work --name '' -c WINCHESTER", 2, /'--name <name>' is empty/],
  ["up --data ''", 2, /'--data <folder>' is empty/],
  ['up --speed 0', 2, /above 0/],
  ['up --seed 4294967296', 2, /whole number/],
  ['api -c WINCHESTER --listen :99999', 2, /expected HOST:PORT/],
  ['time-server --listen x', 2, /expected HOST:PORT/],
  ['consume -c WINCHESTER', 1, /needs a yagi.conf/],
  ['reload', 2, /--pid <number>/],
  ['reload --pid x', 2, /whole number/],
  ['reload --pid 0', 2, /whole number/],
  ['generate --duration 0h', 2, /duration above 0/],
  ["generate --output '' --duration 1h", 2, /'--output <file>' is empty/],
  ['generate --instances -1', 2, /whole number/],
  ['generate --trouble 2000%', 2, /a share/],
  ['generate --format bogus', 2, /Allowed choices/],
  ['generate --audit day@24', 2, /N from 0 to 23/],
  ['generate --start nonsense', 2, /ISO 8601/],
  ['generate --queue q --duration 1h', 2, /go with --to amqp/],
  ['publish EMPTY -c YAGI --queue nosuch', 1, /no queue nosuch; it has monitor.info/],
  ["publish EMPTY -c YAGI --queue ''", 2, /'--queue <name>' is empty/],
  ['publish EMPTY -c MEMORY', 1, /empty: no notification could be read/],
  ['publish TRIGGERS -c MEMORY', 1, /not published, like \d+ more\n.*: no notification could be read/],
  [
    'publish FAULTY -c MEMORY',
    1,
    /faulty.jsonl:2:1: not a JSON object in UTF-8; not published, like 1 more\n$/,
  ],
  ['verify EMPTY', 1, /empty: no notification could be read/],
  ['verify TRIGGERS EMPTY', 1, /empty: no notification could be read/],
  ['pipeline instance_day_complete -c SHIPPED --events EMPTY --dry-run', 1, /no event could be read/],
  [
    'pipeline instance_day_complete -c SHIPPED --events NOTIFICATION --dry-run',
    1,
    /^\S+notification.json:1:1: these are notifications; make events of them with stv3 distill\n$/,
  ],
  [
    'pipeline instance_day_complete -c SHIPPED --events ENVELOPE --dry-run',
    1,
    /envelope.json:2:1: these are not/,
  ],
  ['pipeline nosuch -c SHIPPED --events EMPTY --dry-run', 1, /no pipeline nosuch; known are instance_day/],
  ['pipeline instance_day_complete -c SHIPPED --events EMPTY --dry-run --stream-id -4', 2, /at least 0/],
  ['pipeline instance_day_complete -c SHIPPED --events EMPTY', 2, /expected --dry-run/],
  ['explain -c SHIPPED', 2, /expected files of notifications/],
  ["explain -c SHIPPED --result ''", 2, /'--result <message-id>' is empty/],
  ['explain -c SHIPPED TRIGGERS', 1, /triggers.yaml: no notification could be read/],
  ['explain -c SHIPPED EMPTY', 1, /empty: no notification could be read/],
  ['distill --definitions DEFINITIONS TRIGGERS', 1, /triggers.yaml: no notification could be read/],
  ['distill --definitions nosuch EMPTY', 1, /nosuch/],
  ['test TRIGGERS', 1, /cannot be used/],
  ['test NOTESTS', 1, /at least one test/],
  ['completion tcsh', 2, /Allowed choices/],
  ['timex', 2, /expected an expression/],
  ["timex ''", 2, /is empty/],
  ['timex $timestamp --jsonl', 2, /--jsonl takes/],
  ['timex $nosuch', 1, /unknown variable \$nosuch/],
  ['timex $timestamp --var x=soon', 2, /expected NAME=TIME/],
  ["db export '' -c WINCHESTER", 2, /'file' is empty/],
  ['db import EMPTY -c WINCHESTER', 1, /./],
  ['init --service nosuch', 2, /Allowed choices/],
  ['init /dev/null/folder', 1, /cannot write .*ENOTDIR/],
  ['status', 2, /expected --config, --parts, --at or the address of a status tree/],
  ['status --expect a.b=c --at 127.0.0.1:1', 2, /--expect and --prefix need the address of a status tree/],
  ['status 127.0.0.1:1 --expect nonsense', 2, /expected KEY=VALUE/],
  ['status 127.0.0.1:1', 1, /cannot read the status at http:\/\/127.0.0.1:1/],
  ['status-relay --serveraddr nonsense', 2, /expected HOST:PORT/],
  ['status-relay --children nonsense', 2, /expected NAME=URL/],
  ['status-relay --pushtoparent=maybe', 2, /expected true or false/],
  ['status-relay --tokens /nosuch', 1, /cannot read \/nosuch/],
  ['status --at nonsense', 2, /expected HOST:PORT/],
  ['status --at 127.0.0.1:1 --max-depth -1', 2, /expected a whole number/],
  ['status --parts /nosuch', 1, /cannot read \/nosuch/],
  ['completion tcsh', 2, /Allowed choices/],
  ['check -c WINCHESTER -c MEMORY', 2, /'-c, --config <file>' is given twice/],
  ['archive ls /nosuch', 1, /nosuch/],
  ['archive cat EMPTY --where nonsense', 2, /./],
  ['replay FAULTY -c WINCHESTER --dry-run --from tomorrow --to yesterday', 2, /./],
  ['replay /nosuch -c WINCHESTER --dry-run', 1, /nosuch/],
  ['preview -c WINCHESTER', 2, /--against/],
  ['ship', 2, /expected -c FILE, or --server URL/],
  ['ship -c TRIGGERS', 1, /triggers.yaml:\d+:\d+: search_dirs: is required/],
  ['ship -c WINCHESTER', 1, /winchester.yaml:1:1: log_sets: expected a list of log sets/],
  ['ship -c EMPTY --now 2026-01-01', 2, /go with --once or --dry-run/],
  ['ship check -c EMPTY', 1, /empty: 1 error/],
  ['ship check -c EMPTY --zone x', 2, /expected UUID=ROLE/],
  ['ship explain', 2, /expected a path, or --jsonl/],
  ['ship explain x', 2, /expected -c FILE/],
  ['ship explain x --jsonl', 2, /--jsonl takes paths from its lines/],
  ['ship verify -c EMPTY', 1, /empty:1:1: expected/],
  ['ship restore x -c EMPTY', 2, /--output <file>/],
  ['ship-server', 2, /--config <file>/],
  ['ship-proxy', 2, /--config <file>/],
  ['logs-collector --target-address x', 1, /--target-address is "x"; expected HOST:PORT/],
  ['logs-processor --listen-address x', 1, /--listen-address is "x"; expected HOST:PORT/],
  ['heka-tcp -c WINCHESTER', 1, /winchester.yaml.*unknown key database/],
  ['heka-http -c WINCHESTER', 1, /winchester.yaml.*unknown key database/],
  ['heka-stats -c WINCHESTER', 1, /winchester.yaml.*unknown key database/],
  ['heka-subscribe', 1, /required SUB_CLIENT_ID is missing; set it, or give --client-id/],
  ['heka-bridge', 1, /required BRIDGE_CLIENT_ID is missing; set it, or give --client-id/],
  ['heka-generate --rate x', 2, /expected a whole number of at least 0/],
  ['heka-match', 2, /expected an expression, or --jsonl alone/],
  ['heka-match Foo==1', 1, /unknown word "Foo" at column 1, expected one of Uuid, Type/],
  ['heka-encode NOSUCH', 1, /cannot read NOSUCH/],
  ['heka-decode --message --framed', 2, /cannot be used with option/],
]

test.each(NONSENSE)('stv3 %s exits %i', async (line, code, told) => {
  const result = await runInProcess('stv3', words(line))
  expect(result).toMatchObject({ code, stderr: expect.stringMatching(told) })
})

test.each([
  ["streams --name ''", /'--name <name>' is empty/],
  ["streams --state ''", /'--state <state>' is empty/],
  ['streams --id 5 --state active', /cannot be used with/],
  ['streams --id 5 --limit 3', /cannot be used with/],
  ['streams --id 5 --reset --delete', /cannot be used with/],
  ['streams --reset', /--reset needs the --id/],
  ['streams -f bogus', /Allowed choices/],
  ['streams -f json --csv', /cannot be used with/],
  ['streams --count -c id', /cannot be used with/],
  ['events --msg_id x --name y', /cannot be used with/],
  ['events --from now --to yesterday', /--from now is not before --to yesterday/],
  ["events -c ''", /'-c, --column <name>' is empty/],
  ['--url nonsense streams', /is not a URL/],
  ['nosuch', /unknown command/],
  ['completion tcsh', /Allowed choices/],
  ['streams --explain', /--explain needs the --id/],
  ['streams --id 5 --explain -f csv', /text or JSON, not as csv/],
  ['streams --id 5 --explain --delete', /cannot be used with/],
  ['streams --count --details', /cannot be used with/],
  ['dead-letters --id 5 --stage decode', /cannot be used with/],
  ['dead-letters --delete', /--delete needs the --id/],
  ['timeline', /missing required argument/],
  ['timeline x --csv --json', /cannot be used with/],
])('klugman %s exits 2', async (line, told) => {
  const args = line.startsWith('--url') ? words(line) : ['--url', 'http://127.0.0.1:1', ...words(line)]
  expect(await runInProcess('klugman', args)).toMatchObject({ code: 2, stderr: expect.stringMatching(told) })
})

test('publish --as-is publishes what is no JSON object', async () => {
  expect(await runInProcess('stv3', words('publish FAULTY --as-is -c MEMORY'))).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('published 3 notifications to q'),
    stderr: expect.stringMatching(/:2:1: not a JSON object in UTF-8; published as it stands, like 1 more\n$/),
  })
})

test('the table has each command', async () => {
  const lines = NONSENSE.map(([line]) => line.split(' '))
  const { commands } = await stv3Program()
  const missing = commands
    .map((command) => command.name())
    .filter((name) => !lines.some(([first]) => first === name))
  expect(missing).toEqual([])
  expect(klugmanProgram().commands.map((command) => command.name())).toEqual([
    'streams',
    'events',
    'timeline',
    'dead-letters',
    'actions',
    'triggers',
    'dropped',
    'tail',
    'status',
    'ship',
    'logs',
    'completion',
  ])
})

test('lists of dead letters say that there are none', async () => {
  expect(await runInProcess('stv3', words('dead-letters ls -c WINCHESTER'))).toMatchObject({
    code: 0,
    stderr: 'there are no dead letters\n',
  })
  expect(await runInProcess('stv3', words('dead-letters ls --queue nosuch -c WINCHESTER'))).toMatchObject({
    code: 0,
    stdout: '',
    stderr: 'no dead letter matches the filters\n',
  })
})

test('db status exits 1 while a migration is not applied', async () => {
  const folder = folderWith({ 'winchester.yaml': 'database:\n  url: sqlite:events.db\n' })
  const file = join(folder, 'winchester.yaml')
  expect(await runInProcess('stv3', ['db', 'status', '-c', file])).toMatchObject({
    code: 1,
    stdout: '',
    stderr: expect.stringMatching(/events\.db does not exist yet; `stv3 db upgrade -c FILE` creates it/),
  })
  writeFileSync(join(folder, 'events.db'), '')
  expect(await runInProcess('stv3', ['db', 'status', '-c', file])).toMatchObject({
    code: 1,
    stdout: expect.stringContaining('not applied'),
    stderr: expect.stringMatching(/6 migrations are not applied; run `stv3 db upgrade -c /),
  })
  await runInProcess('stv3', ['db', 'upgrade', '-c', file])
  expect(await runInProcess('stv3', ['db', 'status', '-c', file])).toMatchObject({ code: 0 })
})

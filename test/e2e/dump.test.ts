import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { ChildProgram, runProgram } from '../../sandbox/servers/child-program.ts'
import { SOUND_FILES } from '../support/config-findings.ts'
import { createTestDatabase } from '../support/databases.ts'
import { folderWith, temporaryFolder } from '../support/folders.ts'
import { until } from '../support/until.ts'
import { loadVectors, vectorFile } from '../support/vectors.ts'

/** A configuration on a database of its own. */
function configOn(url: string): string {
  const text = SOUND_FILES['winchester.yaml'].replace('sqlite::memory:', url)
  return join(folderWith({ ...SOUND_FILES, 'winchester.yaml': text }), 'winchester.yaml')
}

const db = (...args: string[]) => runProgram('stv3', ['db', ...args])

test('a database moves from SQLite to MySQL and back, nothing changed and ids kept', async () => {
  const folder = temporaryFolder()
  const sqlite = configOn(`sqlite:${folder}/first.db`)
  const mysql = configOn(await createTestDatabase())
  const again = configOn(`sqlite:${folder}/second.db`)
  expect(await db('import', vectorFile('api.json'), '-c', sqlite)).toMatchObject({
    code: 0,
    stderr: 'imported 300 events and 60 streams, as many as the file has\n',
  })
  const packed = join(folder, 'one.json.gz')
  expect(await db('export', packed, '-c', sqlite)).toMatchObject({ code: 0 })
  expect(statSync(packed).mode & 0o777).toBe(0o600)
  expect(await db('import', packed, '-c', mysql)).toMatchObject({ code: 0 })
  const plain = join(folder, 'two.json')
  expect(await db('export', plain, '-c', mysql)).toMatchObject({ code: 0 })
  expect(await db('import', plain, '-c', again)).toMatchObject({ code: 0 })
  const { stdout } = await db('export', '-', '-c', again)
  expect(stdout).toBe(readFileSync(plain, 'utf8'))
  expect(stdout).toBe(gunzipSync(readFileSync(packed)).toString())
  type Db = { events: object[]; streams: { id: number; events: string[] }[]; event_types: string[] }
  const given = loadVectors<{ db: Db }>('api.json').db
  const moved = JSON.parse(stdout) as Db
  expect(moved.events).toEqual(given.events)
  expect(moved.event_types.toSorted()).toEqual(given.event_types.toSorted())
  expect(moved.streams.map(({ id }) => id)).toEqual(given.streams.map(({ id }) => id))
  for (const [index, stream] of given.streams.entries()) {
    expect(new Set(moved.streams[index]?.events)).toEqual(new Set(stream.events))
    expect(moved.streams[index]).toMatchObject({ ...stream, events: expect.any(Array) })
  }
})

test('an export replaces nothing, and ends with an import that is as large', async () => {
  const folder = folderWith({ 'there.json': 'mine' })
  const config = configOn(`sqlite:${folder}/a.db`)
  const big = { type: 'float', value: 1e20 }
  const one = { id: 1, message_id: 'a', event_type: 'x', timestamp: '2020-01-01', traits: { big } }
  writeFileSync(join(folder, 'big.json'), `\ufeff${JSON.stringify({ db: { events: [one] } })}`)
  expect(await db('import', join(folder, 'big.json'), '-c', config)).toMatchObject({ code: 0 })
  expect(await db('export', join(folder, 'there.json'), '-c', config)).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('already exists'),
  })
  expect(readFileSync(join(folder, 'there.json'), 'utf8')).toBe('mine')
  expect(await db('export', join(folder, 'out.json'), '-c', config)).toMatchObject({ code: 0 })
  const again = configOn(`sqlite:${folder}/b.db`)
  expect(await db('import', join(folder, 'out.json'), '-c', again)).toMatchObject({ code: 0 })
  expect((await db('export', '-', '-c', again)).stdout).toBe(readFileSync(join(folder, 'out.json'), 'utf8'))
})

test.each([
  ['SIGINT', ''],
  ['SIGKILL', '--restart deletes what it has stored'],
] as const)('an import that is ended by %s', async (signal, refusal) => {
  const folder = temporaryFolder()
  const config = configOn(`sqlite:${folder}/a.db`)
  const events = Array.from({ length: 1500 }, (_, index) => ({
    id: index + 1,
    message_id: `m${index}`,
    event_type: 'x',
    timestamp: '2020-01-01',
    traits: {},
  }))
  // It goes on for as long as its input does.
  const importing = new ChildProgram('stv3', ['db', 'import', '-', '-c', config], {}, null)
  importing.child.stdin?.write(`{"events": [${events.map((one) => JSON.stringify(one)).join(',')}`)
  await until('events are stored', async () =>
    (await db('export', '-', '-c', config)).stdout.includes('"m999"'),
  )
  importing.child.kill(signal)
  if (signal === 'SIGINT') importing.child.stdin?.end(',{}]}')
  expect((await importing.result()).code).not.toBe(0)
  const second = join(folder, 'all.json')
  writeFileSync(second, JSON.stringify({ events }))
  if (refusal !== '') {
    expect(await db('import', second, '-c', config)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining(refusal),
    })
    expect(await db('import', second, '-c', config, '--restart')).toMatchObject({ code: 0 })
  } else expect(await db('import', second, '-c', config)).toMatchObject({ code: 0 })
  // The mark has gone: there is nothing to restart.
  expect(await db('import', second, '-c', config, '--restart')).toMatchObject({ code: 1 })
})

const EVENT =
  '{"id": 1, "message_id": "a", "event_type": "x", "timestamp": "2020-01-01", "traits": {"n": {"type": "int", "value": 9223372036854775807}}}'
const STREAM =
  '{"id": 1, "name": "one", "state": "active", "first_event": "2020-01-01", "last_event": "2020-01-01", "events": ["a"]}'

test.each([
  ['{"events": [', 'not valid JSON: '],
  ['', 'not valid JSON: '],
  ['{}', 'expected a list of events or streams, found neither'],
  ['{"events": {"a": 1}, "streams": []}', 'events: expected a list'],
  ['[1]', 'expected a JSON object with events and streams'],
  ['{"events": nothing}', 'not valid JSON: '],
  [`{"events": [${EVENT}, {"id": 2}]}`, 'events[1]: event_type: nothing is not a text'],
  [`{"events": [${EVENT.replace('int', 'number')}]}`, 'events[0]: trait n'],
  [`{"events": [${EVENT}], "streams": [${STREAM.replace('"a"', '"b"')}]}`, 'stream 1: there is no event b'],
  [
    `{"events": [${EVENT}], "streams": [${STREAM.replace('active', 'open')}]}`,
    'streams[0]: state: expected one of',
  ],
])('a faulty file is told with its place, and nothing is left behind: %s', async (text, message) => {
  const config = configOn(`sqlite:${temporaryFolder()}/a.db`)
  const folder = folderWith({
    'bad.json': text,
    'good.json': `{"streams": [${STREAM}], "events": [${EVENT}]}`,
  })
  const { code, stderr } = await db('import', join(folder, 'bad.json'), '-c', config)
  expect(code).toBe(1)
  expect(stderr).toContain(`bad.json: `)
  expect(stderr).toContain(message)
  // The streams come first here, and an integer beyond 2^53 stays what it is.
  expect(await db('import', join(folder, 'good.json'), '-c', config)).toMatchObject({ code: 0 })
  const { stdout } = await db('export', '-', '-c', config)
  expect(stdout).toContain('"value":9223372036854775807')
  expect(await db('import', join(folder, 'good.json'), '-c', config)).toMatchObject({
    code: 1,
    stderr: 'stv3: the database holds events already; expected an empty one\n',
  })
})

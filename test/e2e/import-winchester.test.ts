import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createConnection } from 'mysql2/promise'
import { expect, test } from 'vitest'
import { runProgram } from '../../sandbox/servers/child-program.ts'
import { SOUND_FILES } from '../support/config-findings.ts'
import { createTestDatabase } from '../support/databases.ts'
import { folderWith, temporaryFolder } from '../support/folders.ts'
import { createWinchester, type GivenEvent, type GivenStream } from '../support/winchester.ts'

/** A configuration on a database of its own. */
function configOn(url: string): string {
  const text = SOUND_FILES['winchester.yaml'].replace('sqlite::memory:', url)
  return join(folderWith({ ...SOUND_FILES, 'winchester.yaml': text }), 'winchester.yaml')
}

const db = (args: string[], env: { [name: string]: string } = {}) => runProgram('stv3', ['db', ...args], env)

const EVENTS: readonly GivenEvent[] = [
  {
    message_id: 'A-1',
    at: '1404812450.077777',
    type: 'compute.instance.create.end',
    traits: {
      instance_id: 'i-1',
      memory_mb: 512,
      load: { float: 0.1 },
      launched_at: { at: '1404812400.000001' },
      gone: null,
    },
  },
  { message_id: 'a-2', at: '1404812460.000000', type: 'ünicode', traits: { note: 'é' } },
  { message_id: null, at: '1404812470.000000', type: 'compute.instance.create.end' },
  { message_id: 'a-4', at: null, type: 'compute.instance.create.end' },
  {
    message_id: 'a-5',
    at: '1404812440.500000',
    type: 'compute.instance.exists',
    traits: { negative: -7, far: { at: '-1.500000' } },
  },
]
const STREAMS: readonly GivenStream[] = [
  {
    name: 'day',
    state: 1,
    traits: {
      instance_id: 'i-1',
      timestamp: { range: ['1404777600.000000', '1404864000.000000'] },
      none: null,
    },
    events: [1, 3, 5],
    expire: '1404864000.000001',
  },
  { name: 'day', state: 6, traits: { size: 4 }, events: [2] },
  { name: 'usage', state: 2, traits: { ratio: { float: 0.5 } }, events: [1] },
]

async function tablesOf(url: string): Promise<unknown[]> {
  const connection = await createConnection(url)
  try {
    const [rows] = await connection.query('show table status')
    return (rows as { Name: string; Rows: number; Update_time: unknown; Create_time: unknown }[]).map(
      ({ Name, Create_time }) => [Name, Create_time],
    )
  } finally {
    await connection.end()
  }
}

test.each(['sqlite', 'mysql'])(
  'a database of StackTach.v3 is moved into %s, ids, types and times kept',
  async (kind) => {
    const source = await createWinchester(EVENTS, STREAMS)
    const target = configOn(
      kind === 'sqlite' ? `sqlite:${temporaryFolder()}/a.db` : await createTestDatabase(),
    )
    const moved = await db(['import', '-c', target], { STACKTACH_IMPORT_FROM: source })
    expect(moved).toMatchObject({
      code: 0,
      stderr: '',
      stdout: `imported 3 events and 3 streams with 4 events in them, as many as --from has
compared 3 events and 3 streams: the same
left out 2 events without a message_id, a time or a type
`,
    })
    const { events, streams } = JSON.parse((await db(['export', '-', '-c', target])).stdout)
    expect(events).toEqual([
      {
        id: 1,
        event_type: 'compute.instance.create.end',
        message_id: 'A-1',
        timestamp: '2014-07-08T09:40:50.077777',
        traits: {
          instance_id: { type: 'text', value: 'i-1' },
          launched_at: { type: 'datetime', value: '2014-07-08T09:40:00.000001' },
          load: { type: 'float', value: 0.1 },
          memory_mb: { type: 'int', value: 512 },
        },
      },
      expect.objectContaining({
        id: 2,
        event_type: 'ünicode',
        traits: { note: { type: 'text', value: 'é' } },
      }),
      expect.objectContaining({
        id: 5,
        timestamp: '2014-07-08T09:40:40.500000',
        traits: {
          far: { type: 'datetime', value: '1969-12-31T23:59:58.500000' },
          negative: { type: 'int', value: -7 },
        },
      }),
    ])
    expect(streams).toMatchObject([
      {
        id: 1,
        name: 'day',
        state: 'active',
        expire_timestamp: '2014-07-09T00:00:00.000001',
        distinguishing_traits: {
          instance_id: { type: 'text', value: 'i-1' },
          none: { type: 'none', value: null },
          timestamp: {
            type: 'timerange',
            begin: '2014-07-08T00:00:00.000000',
            end: '2014-07-09T00:00:00.000000',
          },
        },
        events: ['a-5', 'A-1'],
      },
      { id: 2, state: 'completed', events: ['a-2'] },
      { id: 3, state: 'firing', distinguishing_traits: { ratio: { type: 'float', value: 0.5 } } },
    ])
    // Another import finds the database filled.
    expect(await db(['import', '--from', source, '-c', target])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('holds events already'),
    })
  },
)

test('the password may be in a file; it is in no message', async () => {
  const source = new URL(await createWinchester(EVENTS, STREAMS))
  const { password } = source
  const file = join(temporaryFolder(), 'password')
  writeFileSync(file, `${decodeURIComponent(password) || 'x'}\n`)
  chmodSync(file, 0o600)
  const from = source.href.replace(/^mysql:\/\/([^:@]+)(:[^@]*)?@/, 'mysql://$1@')
  const target = configOn(`sqlite:${temporaryFolder()}/a.db`)
  if (password !== '')
    expect(await db(['import', '--from', from, '--password-file', file, '-c', target])).toMatchObject({
      code: 0,
    })
  writeFileSync(file, 'no-such-pass')
  const wrong = await db([
    'import',
    '--from',
    from.replace(/\/\/[^@]+@/, '//nobody@'),
    '--password-file',
    file,
    '-c',
    target,
  ])
  expect(wrong.code).toBe(1)
  expect(wrong.stderr).toMatch(/cannot use the database at/)
  expect(wrong.stdout + wrong.stderr).not.toContain('no-such-pass')
})

test('given as ours, a database of StackTach.v3 is named and not touched; one of ours is no source', async () => {
  const source = await createWinchester(EVENTS, STREAMS)
  const before = await tablesOf(source)
  const config = configOn(source)
  const own = join(temporaryFolder(), 'dump.json')
  writeFileSync(own, JSON.stringify({ events: [], streams: [] }))
  for (const args of [['upgrade'], ['import', own], ['export', '-']]) {
    const refused = await db([...args, '-c', config])
    expect(refused).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(
        /the database is one of StackTach\.v3, which is not changed; `stv3 db import --from` reads it/,
      ),
    })
  }
  const served = await runProgram('stv3', ['work', '-c', config])
  expect(served.code).not.toBe(0)
  expect(await tablesOf(source)).toEqual(before)
  const ours = configOn(await createTestDatabase())
  expect(await db(['upgrade', '-c', ours])).toMatchObject({ code: 0 })
  const target = configOn(`sqlite:${temporaryFolder()}/a.db`)
  const from = /url: "?([^"\n]+)/.exec(readFileSync(ours, 'utf8'))?.[1] as string
  expect(await db(['import', '--from', from, '-c', target])).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('it is one of this project, which `stv3 db export` reads'),
  })
  expect(await db(['import', '-c', target])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('expected a FILE'),
  })
})

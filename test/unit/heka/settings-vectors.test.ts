import { describe, expect, test } from 'vitest'
import { HTTP_RECEIVER, STATS_PROXY, SUBSCRIBER, TCP_RECEIVER } from '../../../src/heka/settings/programs.ts'
import { type Program, readSettings, type SettingsFile } from '../../../src/heka/settings/read-settings.ts'
import type { Settings } from '../../../src/heka/settings/setting.ts'
import { settingsTable } from '../../../src/heka/settings/settings-table.ts'
import { loadVectors } from '../../support/vectors.ts'

type Variable = {
  readonly kind: string
  readonly id: string
  readonly variable: string
  readonly expect: { readonly type: string; readonly default: string; readonly required: boolean }
}

const PROGRAMS: readonly Program<Settings>[] = [TCP_RECEIVER, HTTP_RECEIVER, SUBSCRIBER, STATS_PROXY]
const variables = ['wire', 'http', 'subscriber', 'stats'].flatMap((name) =>
  loadVectors<{ cases: readonly Variable[] }>(`heka-${name}.json`).cases.filter(
    ({ kind }) => kind === 'variable',
  ),
)

describe('help shows each variable with type and default', () => {
  test.each(variables)('$variable', ({ variable, expect: wanted }) => {
    const tables = PROGRAMS.filter(({ prefix }) => variable.startsWith(`${prefix}_`)).map(settingsTable)
    const line =
      tables.flatMap((table) => table.split('\n')).find((one) => one.startsWith(`${variable} `)) ?? ''
    const [, type, ...rest] = line.split(/ {2,}/)
    expect(type).toBe(wanted.type)
    if (wanted.default !== '') expect(rest[0]).toBe(wanted.default)
    expect(/ {2}true {2}/.test(line)).toBe(wanted.required)
  })
})

const read = (environment: { readonly [name: string]: string }, program: Program<Settings> = SUBSCRIBER) =>
  readSettings(program, { options: {}, environment })
/** A file with these values, all of which stand on its first line. */
const fileOf = (values: SettingsFile['values']): SettingsFile => ({
  values,
  positionOf: () => ({ file: 'sub.yaml', line: 1, column: 9 }),
  keyPositionOf: () => ({ file: 'sub.yaml', line: 1, column: 1 }),
})
const NEEDED = { SUB_CLIENT_ID: 'a', SUB_SUBJECT: 's', SUB_REMOTE_URL: 'http://h/' }

const BARE = { options: {}, environment: NEEDED }

test('a variable without prefix counts where the one with prefix is missing, and an option before both', () => {
  expect(read({ ...NEEDED, BATCH_SIZE: '7' })).toMatchObject({ batchSize: 7 })
  expect(read({ ...NEEDED, BATCH_SIZE: '7', SUB_BATCH_SIZE: '8' })).toMatchObject({ batchSize: 8 })
  const sources = { options: { batchSize: '9' }, environment: { ...NEEDED, SUB_BATCH_SIZE: '8' } }
  expect(readSettings(SUBSCRIBER, sources)).toMatchObject({ batchSize: 9 })
})

test('a YAML file comes last, and its unknown keys are told', () => {
  const values = { batch_size: 5, fields: ['Payload'], durable: 'd' }
  expect(readSettings(SUBSCRIBER, { ...BARE, file: fileOf(values) })).toMatchObject({
    batchSize: 5,
    fields: ['Payload'],
  })
  expect(() => readSettings(SUBSCRIBER, { ...BARE, file: fileOf({ batchsize: 5 }) })).toThrow(
    'sub.yaml:1:1: unknown key batchsize; did you mean "batch_size"?',
  )
  expect(() => readSettings(SUBSCRIBER, { ...BARE, file: fileOf({ batch_size: 'x' }) })).toThrow(
    'sub.yaml:1:9: batch_size: expected a whole number from 0 to 2147483647, found "x"',
  )
})

test.each([
  [{ ...NEEDED, SUB_BATCH_TIMEOUT: '10' }, 'SUB_BATCH_TIMEOUT: expected a duration with its unit'],
  [{ ...NEEDED, SUB_DELIVER_ALL: 'yes' }, 'SUB_DELIVER_ALL: expected true or false, found "yes"'],
  [{ ...NEEDED, SUB_START_SEQ: '-1' }, 'SUB_START_SEQ: expected a whole number of at least 0'],
  [
    { ...NEEDED, SUB_PARALLEL_POSTS: '' },
    'SUB_PARALLEL_POSTS: expected a whole number from 1 to 1000, found ""',
  ],
  [
    { ...NEEDED, SUB_STATS_ADDRESS: '80' },
    'SUB_STATS_ADDRESS: expected HOST:PORT, :PORT or nothing, found "80"',
  ],
  [{ ...NEEDED, SUB_MATCH_SPEC: 'Type ~= /x/' }, 'SUB_MATCH_SPEC: found "~=" at column 6'],
  [{ ...NEEDED, SUB_FIELDS: 'Typ' }, 'SUB_FIELDS: "Typ" is no key of a line'],
  [{ ...NEEDED, SUB_DURABLE: 'true' }, 'SUB_DURABLE: expected a name, not a switch, found "true"'],
  [{ ...NEEDED, SUB_COMPRESSION: 'zip' }, 'SUB_COMPRESSION: expected gzip or none, found "zip"'],
  [{ ...NEEDED, SUB_START_DELTA: '1' }, 'SUB_START_DELTA: expected a duration such as 1h, found "1"'],
  [{ ...NEEDED, SUB_STREAM_MAX_AGE: '7' }, 'SUB_STREAM_MAX_AGE: expected a number and Y, M, D, h, m or s'],
  [
    { ...NEEDED, SUB_REMOTE_URL: 'ftp://u:pa55@h' },
    'SUB_REMOTE_URL: expected a URL that begins with http:// or https://, found another one',
  ],
  [{ SUB_CLIENT_ID: 'a', SUB_REMOTE_URL: 'u' }, 'required SUB_SUBJECT is missing'],
])('%j is refused: %s', (environment, message) => {
  expect(() => read(environment as { readonly [name: string]: string })).toThrow(message)
})

test('an empty client id passes, as an empty list of fields', () => {
  expect(read({ ...NEEDED, SUB_CLIENT_ID: '', SUB_FIELDS: '' })).toMatchObject({ clientId: '', fields: [] })
})

test.each([
  ['TRUE', true],
  ['t', true],
  ['1', true],
  ['False', false],
  ['0', false],
])('%s is %s as Go reads it', (text, value) => {
  expect(read({ ...NEEDED, SUB_DELIVER_ALL: text })).toMatchObject({ deliverAll: value })
})

test.each([
  ['1m30s', 90_000],
  ['500ms', 500],
  ['1.5h', 5_400_000],
  ['0', 0],
])('the duration %s is %d ms', (text, ms) => {
  expect(read({ ...NEEDED, SUB_BATCH_TIMEOUT: text })).toMatchObject({ batchTimeout: ms })
})

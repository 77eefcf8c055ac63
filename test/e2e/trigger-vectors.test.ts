import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { runProgram } from '../../sandbox/servers/child-program.ts'
import { formatIso, parseIso } from '../../src/domain/time.ts'
import type { ActualStream } from '../../src/formats/actual-form.ts'
import type { TypedEvent } from '../../src/formats/typed-form.ts'
import { writeFile } from '../support/folders.ts'
import { loadVectors } from '../support/vectors.ts'

type Fields = { readonly [name: string]: unknown }
type VectorStream = {
  name: string
  state: string
  first_event: string
  last_event: string
  fire_timestamp: string | null
  expire_timestamp: string | null
  distinguishing_traits: { [name: string]: { type: string; value?: unknown; begin?: string; end?: string } }
  events: string[]
}
type Vector = {
  cat: string
  quirk?: boolean
  triggers: unknown
  pipelines: Fields
  purge_completed_streams: boolean
  steps: { now: string; which_streams_unspecified?: boolean }[]
  expect: { definition_error?: string; streams?: VectorStream[]; new_events?: Fields[] }
}
type Outcome = {
  name: string
  error: string | null
  actual: { streams: ActualStream[]; events: TypedEvent[] } | null
}

const HANDLERS = resolve(import.meta.dirname, '../fixtures/handlers/vector-handlers.js')
const vectors = loadVectors<Vector[]>('triggers.json')
const cases = vectors.map((vector, index) => [index, vector.cat, vector] as const)
let outcomes: Outcome[]

beforeAll(async () => {
  const handlers = ['Log', 'Fail', 'FailTimes', 'Emit', 'Filter', 'BadInit', 'CommitFail', 'RollbackFail']
  const names = handlers.map((name) => [
    name.replace(/(?!^)[A-Z]/g, '_$&').toLowerCase(),
    `${HANDLERS}:${name}`,
  ])
  const folder = mkdtempSync(join(tmpdir(), 'stacktach-vectors-'))
  const file = writeFile(folder, 'vectors.json', {
    pipeline_handlers: Object.fromEntries(names),
    pipeline_retries: 0,
    tests: vectors.map(({ cat, triggers, pipelines, purge_completed_streams, steps }, index) => ({
      name: `${index} ${cat}`,
      triggers,
      pipelines,
      purge_completed_streams,
      steps: steps.map(({ which_streams_unspecified: _, ...step }) => step),
    })),
  })
  const { stdout, stderr } = await runProgram('stv3', ['test', '--json', file])
  rmSync(folder, { recursive: true })
  expect(stderr).toBe('')
  outcomes = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
})

/** The original's states where a pipeline does not exist: it gave up there, here the stream can be reset. */
const ENDED: { readonly [state: string]: string } = { firing: 'error', expiring: 'expire_error' }

function expectedStream(stream: VectorStream): Fields {
  return { ...stream, state: ENDED[stream.state] ?? stream.state }
}

function typed(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if ('datetime' in value) return sixDigits(String(value.datetime))
  if ('begin' in value && 'end' in value)
    return [sixDigits(String(value.begin)), sixDigits(String(value.end))]
  return 'value' in value ? value.value : value
}

function sixDigits(iso: string): string {
  return formatIso(parseIso(iso) as number, 'six')
}

function comparable(stream: Fields): Fields {
  const { id: _, distinguishing_traits, ...rest } = stream
  const traits = Object.entries(distinguishing_traits as Fields).map(([name, value]) => [name, typed(value)])
  const times = Object.entries(rest).map(([name, value]) => [name, typed(value)])
  return { ...Object.fromEntries(times), distinguishing_traits: Object.fromEntries(traits.sort()) }
}

function sorted(streams: readonly Fields[]): Fields[] {
  const keyOf = ({ name, first_event, events }: Fields) => JSON.stringify([name, first_event, events])
  return streams.map(comparable).sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1))
}

/** Any UUID will do where the original made one at random. */
function withoutRandom(value: unknown, pattern: unknown): unknown {
  if (pattern === '<uuid4>') return pattern
  if (Array.isArray(value) && Array.isArray(pattern))
    return value.map((item, index) => withoutRandom(item, pattern[index]))
  if (typeof value !== 'object' || value === null || typeof pattern !== 'object' || pattern === null)
    return value
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [name, withoutRandom(item, (pattern as Fields)[name])]),
  )
}

/** Where this project differs on purpose: comparing different types never matches, and all operators work. */
const DIFFERENT = ['criteria-mixed-types', 'criteria-unknown-operator', 'criteria-unknown-type', 'batch']

test.each(cases)('%i: %s', (index, cat, vector) => {
  const { actual, error } = outcomes[index] as Outcome
  if (vector.expect.definition_error || cat === 'criteria-unknown-type') {
    expect(error).toEqual(expect.any(String))
    return
  }
  expect(error).toBeNull()
  if (DIFFERENT.includes(cat)) return
  const wanted = sorted((vector.expect.streams ?? []).map(expectedStream))
  // A stream with a failed commit is kept, however completed streams are purged: its error has to be seen.
  const keepsFailed =
    vector.purge_completed_streams && JSON.stringify(vector.pipelines).includes('commit_fail')
  const streams = (actual?.streams ?? []).filter(({ state }) => !keepsFailed || state !== 'completed')
  expect(withoutRandom(sorted(streams), wanted)).toEqual(wanted)
  const events = vector.expect.new_events ?? []
  expect(withoutRandom(actual?.events, events)).toEqual(events)
})

function outcomeOf(cat: string, criterion: string) {
  const index = vectors.findIndex(
    (vector) => vector.cat === cat && JSON.stringify(vector.triggers).includes(criterion),
  )
  return (outcomes[index] as Outcome).actual?.streams ?? []
}

test('comparisons of different types do not match; every operator works', () => {
  expect(outcomeOf('criteria-mixed-types', '"float":"> 1.5"').map(({ state }) => state)).toEqual([
    'active',
    'completed',
  ])
  expect(outcomeOf('criteria-unknown-operator', '<= 5').map(({ state }) => state)).toEqual([
    'completed',
    'active',
  ])
  expect(outcomeOf('criteria-unknown-operator', '== 5')).toEqual([])
})

test('a batch takes no more streams than it says', () => {
  const index = vectors.findIndex(({ cat }) => cat === 'batch')
  const wanted = (vectors[index] as Vector).expect.streams ?? []
  const states = (streams: readonly { state: string }[]) => streams.map(({ state }) => state).sort()
  expect(states((outcomes[index] as Outcome).actual?.streams ?? [])).toEqual(states(wanted))
})

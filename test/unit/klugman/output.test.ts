import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { TransientError } from '../../../src/domain/errors.ts'
import type { RestEvent, RestStream } from '../../../src/formats/rest-form.ts'
import { printList } from '../../../src/klugman/list.ts'
import { eventOutput, type OutputOptions, printCount, streamOutput } from '../../../src/klugman/output.ts'

const datetime = (text: string) => ({ __type__: 'datetime', datetime: text }) as const

const STREAMS: readonly RestStream[] = [
  ['b', 'completed', 'i-2'],
  ['a', 'error', 'i-10'],
].map(([name = '', state = '', instance = ''], index) => ({
  id: 10 - index,
  name,
  state,
  first_event: datetime('2026-01-01T00:00:00'),
  last_event: datetime(`2026-01-0${index + 2}T00:00:00`),
  fire_timestamp: null,
  expire_timestamp: datetime('2026-01-05T00:00:00'),
  distinguishing_traits: { instance_id: instance },
  event_count: 3,
  attempts: index,
  _mark: String(10 - index),
}))

const EVENTS: readonly RestEvent[] = [
  {
    event_type: 'x',
    message_id: 'm1',
    timestamp: datetime('2026-01-01T00:00:00'),
    memory_mb: 512,
    a: 'esc\u001b',
  },
  { event_type: 'y', message_id: 'm2', timestamp: datetime('2026-01-02T00:00:00'), memory_mb: 64 },
]

let printed = ''
let told = ''
const wasTerminal = process.stdout.isTTY

beforeEach(() => {
  printed = ''
  told = ''
  vi.stubEnv('NO_COLOR', '1')
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    printed += String(text)
    return true
  })
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    told += String(text)
    return true
  })
})

afterEach(() => {
  vi.restoreAllMocks()
  vi.unstubAllEnvs()
  process.stdout.isTTY = wasTerminal
})

async function shown(options: OutputOptions, isTerminal = false): Promise<string> {
  process.stdout.isTTY = isTerminal
  const output = streamOutput(options)
  for (const stream of STREAMS) await output.add(stream)
  await output.end()
  return printed
}

async function shownEvents(options: OutputOptions): Promise<string> {
  const output = eventOutput(options)
  for (const event of EVENTS) await output.add(event)
  await output.end()
  return printed
}

const TABLE = `ID  NAME  STATE      FIRST_EVENT          LAST_EVENT           EVENT_COUNT  ATTEMPTS  TRAITS            LAST_ERROR
10  b     completed  2026-01-01T00:00:00  2026-01-02T00:00:00  3            0         instance_id:i-2   -
9   a     error      2026-01-01T00:00:00  2026-01-03T00:00:00  3            1         instance_id:i-10  -
`

test('on a terminal a stream is a line, elsewhere and with details a box', async () => {
  expect(await shown({}, true)).toBe(TABLE)
  printed = ''
  expect(await shown({})).toMatch(/^\+-+\+[\s\S]*\| Section \|/)
  printed = ''
  expect(await shown({ boxes: true }, true)).toContain('| Section |')
  printed = ''
  expect(await shown({ format: 'table' })).toBe(TABLE)
})

test('a stream in error shows why', async () => {
  const stream = { ...(STREAMS[1] as RestStream), last_error: 'boom' }
  await streamOutput({}).add(stream)
  expect(printed).toMatch(/\| +Stream +\| +last_error +\| +boom +\|/)
  printed = ''
  const chosen = streamOutput({ format: 'value', column: ['id', 'last_error'] })
  await chosen.add(stream)
  await chosen.end()
  expect(printed).toBe('9 boom\n')
})

test('states are coloured on a terminal', async () => {
  vi.stubEnv('NO_COLOR', '')
  expect(await shown({ column: ['state'] }, true)).toContain('\u001b[31merror\u001b[0m')
  printed = ''
  // The cell is centred, and coloured with the blanks around its text.
  expect(await shown({ boxes: true }, true)).toContain('error')
  expect(printed.split('\u001b[31m')[1]?.split('\u001b[0m')[0]?.trim()).toBe('error')
})

test.each<[OutputOptions, string]>([
  [{ column: ['id', 'trait.instance_id'] }, 'ID  TRAIT.INSTANCE_ID\n10  i-2\n9   i-10\n'],
  [{ format: 'value', column: ['id', 'fire_timestamp'] }, '10 -\n9 -\n'],
  [{ format: 'value', column: ['id'], sortColumn: 'id' }, '9\n10\n'],
  [{ format: 'value', column: ['name'], sortColumn: 'last_event' }, 'b\na\n'],
  [{ format: 'json', column: ['id', 'last_event'] }, /^\{"id":10,"last_event":\{"__type__":"datetime"/],
  [{ format: 'json', sortColumn: 'id' }, /^\{"id":9,"name":"a",.*"_mark":"9"\}\n\{"id":10/],
  [
    { format: 'yaml', column: ['id', 'last_event'] },
    '- id: 10\n  last_event: "2026-01-02T00:00:00"\n- id: 9\n  last_event: "2026-01-03T00:00:00"\n',
  ],
  [
    { csv: true },
    /^id,state,name,first_event,last_event,fire_timestamp,expire_timestamp,event_count,attempts,last_error,trait\.instance_id,_mark\n10,/,
  ],
  [{ json: true }, /^\{"id":10,"name":"b"/],
] as never)('streams as %j', async (options, expected) => {
  expect(await shown(options)).toEqual(
    (expected as unknown) instanceof RegExp ? expect.stringMatching(expected) : expected,
  )
})

test('the columns of events: the three that all have, then the traits by name', async () => {
  expect(await shownEvents({ csv: true })).toBe(
    'timestamp,event_type,message_id,a,memory_mb\n2026-01-01T00:00:00,x,m1,esc\u001b,512\n2026-01-02T00:00:00,y,m2,,64\n',
  )
  printed = ''
  expect(await shownEvents({ format: 'table', column: ['memory_mb', 'a'], sortColumn: 'memory_mb' })).toBe(
    'MEMORY_MB  A\n64         -\n512        esc\\u001b\n',
  )
})

test('a column that no row has is refused with those that there are', async () => {
  await expect(shown({ column: ['stat'] })).rejects.toThrow(
    'no row has a column stat; known are id, state, name, first_event, last_event, fire_timestamp, expire_timestamp, event_count, attempts, last_error, trait.instance_id, _mark, traits; did you mean "state"?',
  )
  await expect(shown({ sortColumn: 'nosuch' })).rejects.toThrow('no row has a column nosuch')
})

test('rows that are watched are lines of their own', async () => {
  expect(await shown({ format: 'table', watch: true, column: ['id', 'state'] })).toBe(
    '10  completed\n9  error\n',
  )
})

test.each([
  [{ format: 'value' }, '7\n'],
  [{ format: 'yaml' }, 'count: 7\n'],
  [{ json: true }, '{"count":7}\n'],
  [{}, /\| +count +\| +7 +\|/],
] as const)('a count as %j', async (options, expected) => {
  await printCount(7, options)
  expect(printed).toMatch(expected)
})

/** A listing of so many rows, and what it was asked for. */
function listingOf(count: number) {
  const rows = Array.from({ length: count }, (_, index) => ({
    ...(STREAMS[0] as RestStream),
    _mark: String(index + 1),
  }))
  const after = (mark: string | undefined) => rows.slice(Number(mark ?? 0))
  return {
    page: async ({ mark, limit = 200 }: { mark?: string | undefined; limit?: number | string | undefined }) =>
      after(mark).slice(0, Math.min(Number(limit), 1000)),
    count: async () => count,
    async *all({ mark }: { mark?: string | undefined; limit?: number | string | undefined }) {
      yield* after(mark)
    },
  }
}

const list = (count: number, query: object, isAll = false) =>
  printList({
    listing: listingOf(count),
    query,
    isAll,
    output: streamOutput({ json: true }),
    rows: 'streams',
  })

test.each([
  [940, {}, 200, /^200 of 940; --all or --limit for more\n$/],
  [200, {}, 200, /^$/],
  [3, { limit: '2' }, 2, /^2 of 3; --all or --limit for more\n$/],
  [3000, { limit: '2500' }, 2500, /^2,500 of 3,000; --all or --limit for more\n$/],
  [1800, { limit: '2500' }, 1800, /^$/],
  [0, {}, 0, /^no streams match\n$/],
])('of %i rows a query %j prints %i and says what is left', async (count, query, rows, stderr) => {
  await list(count, query)
  expect(printed.split('\n').length - 1).toBe(rows)
  expect(told).toMatch(stderr)
})

test('with --all nothing is left to say', async () => {
  await list(1500, {}, true)
  expect(printed.split('\n')).toHaveLength(1501)
  expect(told).toBe('')
})

test('where the rows cannot be counted in time, the list says only that there are more', async () => {
  const listing = { ...listingOf(3), count: () => Promise.reject(new TransientError('too slow')) }
  const query = { limit: '2' }
  await printList({ listing, query, isAll: false, output: streamOutput({ json: true }), rows: 'streams' })
  expect(told).toBe('2 shown, and there are more; --all or --limit for more\n')
})

test('as a list streams are the boxes, on a terminal too, and chosen columns a box of their own', async () => {
  const boxes = await shown({})
  printed = ''
  expect(await shown({ format: 'list' })).toBe(boxes)
  printed = ''
  const sorted = await shown({ format: 'list', sortColumn: 'id' })
  const order = ['9', '10'].map((id) => sorted.search(new RegExp(`\\| +id +\\| +${id} +\\|`)))
  expect(order[0]).toBeGreaterThan(0)
  expect(order[0]).toBeLessThan(order[1] as number)
  printed = ''
  expect(await shown({ format: 'list', column: ['id', 'state'] })).toMatch(
    /^\+-+\+-+\+\n\| Property \| +Value +\|\n\+-+\+-+\+\n\| +id +\| +10 +\|\n\| +state +\| completed \|/,
  )
})

test('time ranges are printed as filters take them', async () => {
  const day = {
    __type__: 'timex.TimeRange',
    begin: '2026-11-29T00:00:00',
    end: '2026-11-30T00:00:00',
  } as const
  const stream = { ...(STREAMS[0] as RestStream), distinguishing_traits: { day } }
  await streamOutput({}).add(stream)
  expect(printed).toMatch(/\| D\.Trait \| +day +\| 2026-11-29 00:00:00 to 2026-11-30 00:00:00 \|/)
  printed = ''
  const listed = streamOutput({ format: 'value', column: ['traits'] })
  await listed.add(stream)
  await listed.end()
  expect(printed).toBe('day:2026-11-29 00:00:00 to 2026-11-30 00:00:00\n')
})

test('with --local times are those of the zone, but in JSON', async () => {
  vi.stubEnv('TZ', 'Europe/Berlin')
  expect(await shown({ local: true, format: 'value', column: ['first_event'] })).toBe(
    '2026-01-01T01:00:00+01:00\n2026-01-01T01:00:00+01:00\n',
  )
  printed = ''
  expect(await shown({ local: true })).toContain('2026-01-01 01:00:00+01:00')
  printed = ''
  expect(await shown({ local: true, json: true })).toContain('"2026-01-01T00:00:00"')
})

test('CSV without formulas has an apostrophe before what a spreadsheet would run', async () => {
  const row = { ...EVENTS[1], a: '=cmd()', b: '-5', c: '@x', d: -5, e: '+1-2' } as RestEvent
  const output = eventOutput({ csv: true, formulas: false })
  await output.add(row)
  await output.end()
  expect(printed.split('\n')[1]).toBe("2026-01-02T00:00:00,y,m2,'=cmd(),-5,'@x,-5,'+1-2,64")
})

test('on a terminal the last column of a table is cut to its width, and carries no control characters', async () => {
  const columns = process.stdout.columns
  process.stdout.isTTY = true
  process.stdout.columns = 120
  const output = streamOutput({})
  await output.add({ ...(STREAMS[0] as RestStream), last_error: `one\ntwo\u001b ${'x'.repeat(100)}` })
  await output.end()
  process.stdout.columns = columns
  const [, line = ''] = printed.split('\n')
  expect(line).toHaveLength(120)
  expect(line).toMatch(/one\\ntwo\\u001b x+…$/)
})

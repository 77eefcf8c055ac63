import { afterEach, beforeEach, expect, test, vi } from 'vitest'
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

const TABLE = `ID  NAME  STATE      FIRST_EVENT          LAST_EVENT           TRAITS
10  b     completed  2026-01-01T00:00:00  2026-01-02T00:00:00  instance_id:i-2
9   a     error      2026-01-01T00:00:00  2026-01-03T00:00:00  instance_id:i-10
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
    /^id,state,name,first_event,last_event,fire_timestamp,expire_timestamp,trait\.instance_id,_mark\n10,/,
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
    'no row has a column stat; known are id, state, name, first_event, last_event, fire_timestamp, expire_timestamp, trait.instance_id, _mark, traits; did you mean "state"?',
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
  [940, {}, 200, /^200 streams shown, and there are more: --limit N shows more, --all everything\n$/],
  [200, {}, 200, /^$/],
  [3, { limit: '2' }, 2, /^2 streams shown, and there are more/],
  [3000, { limit: '2500' }, 2500, /^2,500 streams shown, and there are more/],
  [1800, { limit: '2500' }, 1800, /^$/],
  [0, {}, 0, /^no streams match\n$/],
  [0, { triggerName: 'day*' }, 0, /^no streams match; --name takes a whole name, no pattern\n$/],
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

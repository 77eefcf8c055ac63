import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { formatIso } from '../../../src/domain/time.ts'
import { writeLines } from '../../support/notifications.ts'
import { ORDER_LINES, ORDER_WINCHESTER, type OrderFiles, Orders, orderLine } from '../../support/orders.ts'
import { runInProcess } from '../../support/run-in-process.ts'

const ALL = { limit: 1000, mark: undefined, ascending: true }

async function ordersWith(lines: readonly string[] = ORDER_LINES, files: OrderFiles = {}) {
  const orders = await new Orders(files).prepare()
  const file = writeLines(orders.folder, 'orders.jsonl', lines)
  const replay = (...options: string[]) =>
    runInProcess('stv3', ['replay', file, '-c', orders.config, ...options])
  return { orders, file, replay }
}

function streamsOf(orders: Orders) {
  return orders.look(async (store) => {
    const streams = await store.listStreams({}, ALL)
    const members = await store.eventsOfStreams(streams.map(({ id }) => id))
    return streams.map(({ id, state, distinguishingTraits, fireTimestamp }) => ({
      order: distinguishingTraits.order?.type === 'text' ? distinguishingTraits.order.value : '',
      state,
      fires: fireTimestamp !== null,
      events: members.get(id)?.map(({ messageId }) => messageId),
    }))
  })
}

const typesOf = (orders: Orders, eventType: string) =>
  orders.look((store) => store.countEvents({ eventType }, ALL))

const STREAMS = [
  { order: 'a', state: 'completed', fires: true, events: ['a-placed', 'a-paid', 'a-done'] },
  { order: 'b', state: 'completed', fires: false, events: ['b-placed'] },
  { order: 'c', state: 'completed', fires: true, events: ['c-placed', 'c-done'] },
]

test('a replay stores events, fires and expires streams on the clock of the notifications, and sends nothing', async () => {
  const { orders, replay } = await ordersWith()
  const { code, stdout, stderr } = await replay('--json')
  expect(stderr).toBe('without --publish nothing is sent by: send\n')
  expect(JSON.parse(stdout)).toMatchObject({
    complete: true,
    replayed: 6,
    stored: 6,
    fired: 2,
    expired: 1,
    late: 0,
  })
  expect(code).toBe(0)
  expect(await streamsOf(orders)).toEqual(STREAMS)
  expect(await typesOf(orders, 'order.billed')).toBe(3)
  expect(orders.sent()).toEqual([])
  const again = await replay('--json')
  expect(JSON.parse(again.stdout)).toMatchObject({ stored: 0, duplicates: 6, fired: 0, expired: 0 })
  expect(await streamsOf(orders)).toEqual(STREAMS)
})

test('with --publish handlers send what they have to send', async () => {
  const { orders, replay } = await ordersWith()
  expect((await replay('--publish')).stderr).toBe('')
  expect(orders.sent()).toEqual([4, 2, 3])
})

test('with --pipelines off streams that are due are completed, and no pipeline runs for them', async () => {
  const { orders, replay } = await ordersWith()
  const { stderr, stdout } = await replay('--pipelines', 'off')
  expect(stderr).toBe('')
  expect(stdout).toMatch(/^6 notifications in .*\n {2}6 new events\n {2}2 streams fired, 1 expired\n$/)
  expect(await streamsOf(orders)).toEqual(STREAMS)
  expect(await typesOf(orders, 'order.billed')).toBe(0)
})

test('a dry run prints what a replay makes, and changes nothing', async () => {
  const { orders, replay } = await ordersWith()
  const { stdout } = await replay('--dry-run', '--json')
  const actual = JSON.parse(stdout)
  expect(actual.streams.map(({ events }: { events: string[] }) => events)).toEqual(
    STREAMS.map(({ events }) => events),
  )
  expect(actual.streams[0]).toMatchObject({ id: 1, name: 'orders', state: 'completed' })
  expect(actual.streams[0].distinguishing_traits).toEqual({ order: 'a' })
  expect(actual.events.map((one: { message_id: string }) => one.message_id)).toEqual([
    'a-placed-bill',
    'b-placed-bill',
    'c-placed-bill',
  ])
  expect(actual.would_publish[0]).toEqual({ handler: 'send', stream: 1, would_publish: [{ count: 4 }] })
  expect(await streamsOf(orders)).toEqual([])
  await replay()
  const streams = await orders.look((store) => store.listStreams({}, ALL))
  expect(
    streams.map(({ fireTimestamp, expireTimestamp }) => [fireTimestamp === null, expireTimestamp]),
  ).toHaveLength(3)
  const text = (await replay('--dry-run')).stdout
  expect(text).toContain(
    'stream 1 orders {"order":"a"}\n  3 events, 2026-01-01T00:00:00 to 2026-01-01T00:03:00; fires',
  )
  expect(text).toContain('  makes order.billed a-placed-bill at 2026-01-01T00:00:00\n')
  expect(text).toContain('send of stream 1 would publish {"count":4}\n')
})

test('--compare says what today’s configuration would make of it, and exits 1', async () => {
  const { orders, replay } = await ordersWith()
  await replay()
  expect(await replay('--dry-run', '--compare')).toMatchObject({
    code: 0,
    stdout: '0 keys differ, 3 keys are the same\n',
  })
  const changed = new Orders({
    'winchester.yaml': ORDER_WINCHESTER.replace('orders.db', join(orders.folder, 'orders.db')),
    'triggers.yaml': `
- name: orders
  distinguished_by: [order]
  match_criteria: [{event_type: [order.placed, order.done]}]
  fire_criteria: [{event_type: order.placed}]
  expiration: $last + 1h
  fire_pipeline: bill
`,
  })
  const file = writeLines(changed.folder, 'orders.jsonl', ORDER_LINES)
  const { code, stdout } = await runInProcess('stv3', [
    ...['replay', file, '-c', changed.config, '--dry-run', '--compare', '--json'],
  ])
  expect(code).toBe(1)
  const lines = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  const of = (order: string) => lines.find((line) => line.stream.distinguishing_traits.order === order)
  expect(of('b').differences).toEqual([{ what: 'ends', stream: 1, before: 'expires', after: 'fires' }])
  // A stream that is due to fire takes no more events.
  expect(of('a').differences[0]).toEqual({ what: 'streams', before: 1, after: 2 })
  expect(of('a').differences[1]).toMatchObject({
    what: 'events',
    only_before: ['a-paid', 'a-done'],
    only_after: [],
  })
})

test('--compare names what pipelines make now and have not made before', async () => {
  const { orders, replay } = await ordersWith()
  await replay()
  const file = join(orders.folder, 'handlers.mjs')
  writeFileSync(
    file.replace('handlers', 'others'),
    readFileSync(file, 'utf8').replace("'order.billed'", "'invoice.made'"),
  )
  writeFileSync(orders.config, ORDER_WINCHESTER.replaceAll('handlers.mjs', 'others.mjs'))
  const { stdout, code } = await replay('--dry-run', '--compare', '--where', 'order=b')
  expect(stdout).toBe(
    'orders {"order":"b"}\n  makes invoice.made b-placed-bill only after\n1 key differs, 0 keys are the same\n',
  )
  expect(code).toBe(1)
})

test('--from, --to, --types and --where choose notifications', async () => {
  const { replay } = await ordersWith()
  const countOf = async (...options: string[]) => {
    const { streams } = JSON.parse((await replay('--dry-run', '--json', ...options)).stdout)
    return streams.flatMap(({ events }: { events: string[] }) => events)
  }
  expect(await countOf('--from', '2026-01-01T00:02:00', '--to', '2026-01-01T00:03:00')).toEqual(['a-paid'])
  expect(await countOf('--types', 'order.placed,order.paid,!order.paid')).toEqual([
    'a-placed',
    'b-placed',
    'c-placed',
  ])
  expect(await countOf('--where', 'order=b')).toEqual(['b-placed'])
  expect(await countOf('--where', 'amount=5', '--where', 'order=c')).toEqual(['c-placed', 'c-done'])
  expect(await countOf('--where', 'order=d')).toEqual([])
})

test('what cannot be distilled becomes a dead letter, and what has no definition is counted', async () => {
  const lines = [
    ...ORDER_LINES,
    '{"event_type": "order.placed"}',
    '{"nonsense',
    '{"event_type":"x","message_id":"x"}',
  ]
  const { orders, replay } = await ordersWith(lines)
  const { stdout, code } = await replay('--json')
  expect(code).toBe(0)
  expect(JSON.parse(stdout)).toMatchObject({ stored: 6, dead_letters: 2, undefined: 1 })
  const letters = await orders.look((store) => store.listDeadLetters({}, ALL))
  expect(letters.map(({ stage, queue }) => [stage, queue]).sort()).toEqual([
    ['decode', 'replay'],
    ['validate', 'replay'],
  ])
})

test('notifications that are out of order are put into order', async () => {
  const reversed = [...ORDER_LINES].reverse()
  const { orders, replay } = await ordersWith(reversed)
  expect(JSON.parse((await replay('--json')).stdout)).toMatchObject({ late: 0 })
  expect(await streamsOf(orders)).toEqual(STREAMS)
})

test('a folder, a glob and a list of files are read in order of time, whatever their names', async () => {
  const orders = await new Orders().prepare()
  const folder = join(orders.folder, 'orders')
  mkdirSync(folder)
  writeLines(folder, 'a.jsonl', ORDER_LINES.slice(4))
  writeLines(
    folder,
    'b.jsonl',
    [0, 2].map((at) => ORDER_LINES[at] as string),
  )
  writeLines(
    folder,
    'c.jsonl',
    [1, 3].map((at) => ORDER_LINES[at] as string),
  )
  writeLines(folder, 'd.jsonl.part', [orderLine('d', 'placed', 5)])
  for (const names of [
    [folder],
    [`${folder}/*`],
    ['a', 'b', 'c'].map((name) => join(folder, `${name}.jsonl`)),
  ]) {
    const { stdout } = await runInProcess('stv3', [
      'replay',
      ...names,
      '-c',
      orders.config,
      '--dry-run',
      '--json',
    ])
    const { streams } = JSON.parse(stdout)
    expect(streams.map(({ events }: { events: string[] }) => events)).toEqual(
      STREAMS.map(({ events }) => events),
    )
  }
})

test.each([
  ['a file that is not there', ['nowhere.jsonl'], 1, 'nowhere.jsonl: there is no such file\n'],
  ['--compare without --dry-run', ['x', '--compare'], 2, /--compare needs --dry-run/],
  ['--publish in a dry run', ['x', '--dry-run', '--publish'], 2, /cannot be used with option '--dry-run'/],
  ['a condition without a value', ['x', '--where', 'order'], 2, /expected TRAIT=VALUE/],
])('%s is refused', async (_, args, code, message) => {
  const orders = await new Orders().prepare()
  const result = await runInProcess('stv3', ['replay', ...args, '-c', orders.config])
  expect(result.code).toBe(code)
  if (typeof message === 'string') expect(result.stderr).toBe(message)
  else expect(result.stderr).toMatch(message)
})

test('a replay goes by the clock of the notifications, whatever the clock of the daemons', async () => {
  const winchester = `clock: wall\n${ORDER_WINCHESTER}`
  const { orders, replay } = await ordersWith(ORDER_LINES, { 'winchester.yaml': winchester })
  expect((await replay()).code).toBe(0)
  expect(await streamsOf(orders)).toEqual(STREAMS)
})

test('a stream that is not due by now stays open for the workers', async () => {
  const now = formatIso(Date.now() * 1000)
  const line = JSON.stringify({
    event_type: 'order.placed',
    message_id: 'n',
    timestamp: now,
    payload: { order: 'n' },
  })
  const { orders, replay } = await ordersWith([...ORDER_LINES, line])
  expect(JSON.parse((await replay('--json', '--pipelines', 'off')).stdout)).toMatchObject({
    fired: 2,
    expired: 1,
  })
  const due = await orders.look((store) => store.nextDue(false))
  expect(due.expire).not.toBeNull()
  expect((await streamsOf(orders)).map(({ state }) => state)).toEqual([
    'completed',
    'completed',
    'completed',
    'active',
  ])
})

test('a file without one notification is an error', async () => {
  const { file, replay } = await ordersWith(['nonsense'])
  expect(await replay('--dry-run')).toMatchObject({
    code: 1,
    stderr: `${file}: no notification could be read\n`,
  })
})

test('what is narrowed to a time or type leaves out what has neither, and keeps dead letters that have', async () => {
  const lines = [
    ...ORDER_LINES,
    '{"nonsense',
    '{"event_type":"order.placed","message_id":"no-time","payload":{"order":"n"}}',
    orderLine('early', 'placed', 1, { amount: 'x' }),
    orderLine('bad', 'placed', 2, { amount: 'x' }),
  ]
  const { orders, replay } = await ordersWith(lines)
  const counts = JSON.parse(
    (await replay('--json', '--from', '2026-01-01T00:02:00', '--to', '2026-01-01T00:03:00')).stdout,
  )
  expect(counts).toMatchObject({ stored: 1, dead_letters: 1 })
  expect(await orders.look((store) => store.findEvent('no-time'))).toBeUndefined()
})

test('--from, --to and --publish send what came of the notifications of a gap, and nothing else', async () => {
  const { orders, replay } = await ordersWith()
  // What the restored database holds.
  expect((await replay('--to', '2026-01-02')).code).toBe(0)
  const gap = ['--from', '2026-01-01T23:55:00', '--to', '2026-01-02T01:00:00']
  const { stdout } = await replay(...gap, '--publish', '--json')
  expect(JSON.parse(stdout)).toMatchObject({ stored: 2, fired: 1, expired: 0 })
  expect(orders.sent()).toEqual([3])
  expect(JSON.parse((await replay(...gap, '--publish', '--json')).stdout)).toMatchObject({
    stored: 0,
    fired: 0,
  })
  expect(orders.sent()).toEqual([3])
})

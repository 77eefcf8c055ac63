import { createServer } from 'node:http'
import { type AddressInfo, createServer as createTcpServer } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { createStatus, type Status } from '../../../src/status/create-status.ts'
import { ManualStatusClock } from '../../support/manual-status-clock.ts'
import { moveSlowly, recordingParent, runningStatus, served, settled } from '../../support/status-tree.ts'

const name = 'leaf'

test('a parent that restarts with nothing has all within 30 s, with its ages', async () => {
  const clock = new ManualStatusClock()
  let root = createStatus({ clock })
  const url = await served((request, response) => root.handler(request, response))
  const { status } = await runningStatus({ clock, parent: { url, name } })
  status.report('kiln.state', 'hot')
  await settled(() => root.get('leaf/kiln.state') !== undefined)
  await moveSlowly(clock, 12_000)
  root = createStatus({ clock })
  await moveSlowly(clock, 29_500)
  expect(root.list()).toEqual([])
  clock.moveTo(30_000)
  await settled(() => root.list().length > 0)
  expect(root.get('leaf/kiln.state')).toMatchObject({ value: 'hot', since: 30, age: 0, ttl: 570 })
})

test('while the parent is away nothing is lost, and it is tried again with growing waits', async () => {
  const clock = new ManualStatusClock()
  let isDown = true
  const { url, received } = await recordingParent(clock, (response) => {
    if (isDown) response.destroy()
    else response.end()
  })
  const { status } = await runningStatus({ clock, parent: { url, name } })
  await settled(() => received.length === 1)
  for (let count = 0; count < 2000; count++) status.report(`kiln.k${count % 50}`, count)
  await moveSlowly(clock, 120_000)
  const tries = received.length
  expect(tries).toBeLessThan(20)
  isDown = false
  await moveSlowly(
    clock,
    160_000,
    () => received.some(({ body }) => body.includes('"1999"')) || clock.now() < 150_000,
  )
  const { body } = received.findLast((one) => one.body.length > 500) ?? { body: '{}' }
  expect(Object.keys(JSON.parse(body))).toHaveLength(50)
  expect(JSON.parse(body)['leaf/kiln.k49'].value).toBe('1999')
})

test('a parent that hangs is given up after 10 s, and the process goes on', async () => {
  const clock = new ManualStatusClock()
  let isHung = true
  const { url, received } = await recordingParent(clock, (response) => {
    if (!isHung) response.end()
  })
  const { status } = await runningStatus({ clock, parent: { url, name } })
  await settled(() => received.length === 1)
  status.report('kiln.state', 'hot')
  await moveSlowly(clock, 9500)
  expect(received).toHaveLength(1)
  isHung = false
  await moveSlowly(clock, 16_000, () => clock.now() < 14_500 || received.length > 1)
  expect(JSON.parse(received[1]?.body ?? '{}')).toHaveProperty(['leaf/kiln.state'])
})

test('many changes at once go together, a few one by one, the last value last', async () => {
  const clock = new ManualStatusClock()
  const { url, received } = await recordingParent(clock)
  const { status } = await runningStatus({ clock, parent: { url, name } })
  await settled(() => received.length === 1)
  for (let count = 0; count < 3; count++) status.report(`kiln.k${count}`, count)
  await settled(() => received.length === 4)
  expect(received.slice(1).map(({ body }) => Object.keys(JSON.parse(body)))).toEqual([
    ['leaf/kiln.k0'],
    ['leaf/kiln.k1'],
    ['leaf/kiln.k2'],
  ])
  for (let round = 0; round < 3; round++)
    for (let count = 0; count < 1000; count++) status.report(`kiln.k${count}`, `${round}`)
  const last = () => Object.assign({}, ...received.map(({ body }) => JSON.parse(body)))
  await settled(() => Object.keys(last()).length === 1000)
  expect(new Set(Object.values(last()).map((one) => (one as { value: string }).value))).toEqual(
    new Set(['2']),
  )
  expect(received.length).toBeLessThan(50)
})

test('a short-lived key that is renewed does not run out at the parent', async () => {
  const clock = new ManualStatusClock()
  const root = createStatus({ clock })
  const url = await served(root.handler)
  const { status } = await runningStatus({ clock, parent: { url, name } })
  for (let second = 0; second < 29; second++) {
    status.report('kiln.pulse', 'yes', { ttl_s: 5 })
    await settled(() => (root.get('leaf/kiln.pulse')?.since ?? 9) < 1)
    clock.moveTo(clock.now() + 1000)
  }
  expect(root.get('leaf/kiln.pulse')?.value).toBe('yes')
})

test('the token and the account of an address are sent in a header, and shown in no log', async () => {
  const clock = new ManualStatusClock()
  const { url, received } = await recordingParent(clock, (response) => response.writeHead(500).end())
  const lines: string[] = []
  const log = (_: object, line: string) => void lines.push(line)
  const logger = { debug: log, info: log, warn: log, error: log, child: () => logger }
  await runningStatus({ clock, parent: { url, name, token: 's3cret' }, logger })
  const account = url.replace('//', '//anna:pa55word@')
  await runningStatus({ clock, parent: { url: account, name }, logger })
  await settled(() => received.length === 2 && lines.length === 2)
  const given = received.map(({ headers }) => headers.authorization)
  expect(given.toSorted()).toEqual([
    `Basic ${Buffer.from('anna:pa55word').toString('base64')}`,
    'Bearer s3cret',
  ])
  expect(lines.join()).toMatch(/expected 200/)
  expect(lines.join()).not.toMatch(/pa55word|s3cret/)
})

test('a parent that is the process itself, and two that are each other’s, come to rest', async () => {
  const clock = new ManualStatusClock()
  const statuses: Status[] = []
  const urls = await Promise.all(
    [0, 1].map((index) => served((request, response) => statuses[index]?.handler(request, response))),
  )
  const link = (index: number, parent: number, ownName: string) => {
    const status = createStatus({ clock, parent: { url: urls[parent] as string, name: ownName } })
    statuses[index] = status
    onTestFinished(() => status.stop())
    return status.start()
  }
  await link(0, 1, 'aa')
  await link(1, 0, 'bb')
  statuses[0]?.report('kiln.state', 'hot')
  await moveSlowly(clock, 95_000, async () => {
    await new Promise((resolve) => setTimeout(resolve, 1))
    return true
  })
  const keys = statuses.map((status) => status.list().map(({ key }) => key))
  expect(keys[0]).toEqual(['kiln.state'])
  expect(keys[1]).toEqual(['aa/kiln.state'])
  expect(statuses[0]?.refusals().get('ring')).toBeGreaterThan(0)
})

test('children that hang, send too much, or nothing that is JSON harm nobody', async () => {
  const clock = new ManualStatusClock()
  const hung = createTcpServer(() => {})
  await new Promise<void>((resolve) => hung.listen(0, '127.0.0.1', resolve))
  const endless = createServer((_, response) => {
    const part = Buffer.alloc(1 << 16, ' ')
    const write = () => {
      while (response.write(part)) if (response.destroyed) return
      response.once('drain', write)
    }
    response.on('error', () => {})
    write()
  })
  await new Promise<void>((resolve) => endless.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    hung.close()
    endless.closeAllConnections()
    endless.close()
  })
  const urlOf = (server: { address(): unknown }) =>
    `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  const good = createStatus({ clock })
  good.report('kiln.state', 'hot')
  const nulls = await served((_, response) => response.end('{"aa": null, "bb": {"value": "x", "ttl": 60}}'))
  const { status } = await runningStatus({
    clock,
    children: [
      { name: 'hung', url: urlOf(hung) },
      { name: 'endless', url: urlOf(endless) },
      { name: 'nulls', url: nulls },
      { name: 'good', url: await served(good.handler) },
    ],
  })
  await settled(() => status.list().length === 2 && status.refusals().get('body') === 1)
  expect(
    status
      .list()
      .map(({ key }) => key)
      .toSorted(),
  ).toEqual(['good/kiln.state', 'nulls/bb'])
  expect(Object.fromEntries(status.refusals())).toEqual({ null: 1, body: 1 })
  good.report('kiln.state', 'cold')
  await moveSlowly(
    clock,
    20_500,
    () => clock.now() < 20_000 || status.get('good/kiln.state')?.value === 'cold',
  )
  expect(status.get('good/kiln.state')?.since).toBeCloseTo(20.5, 0)
})

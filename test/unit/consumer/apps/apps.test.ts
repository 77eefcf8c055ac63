import { expect, test } from 'vitest'
import type { AppMessage, ConsumerApp } from '../../../../src/consumer/apps/app.ts'
import { AtomPubApp } from '../../../../src/consumer/apps/atompub-app.ts'
import { ElasticsearchApp } from '../../../../src/consumer/apps/elasticsearch-app.ts'
import { runApps } from '../../../../src/consumer/apps/run-apps.ts'
import { compileDefinitions } from '../../../../src/distiller/definition.ts'
import { createDistiller } from '../../../../src/distiller/distiller.ts'
import { TransientError } from '../../../../src/domain/errors.ts'
import type { Notification } from '../../../../src/domain/notification.ts'
import { silentLogger } from '../../../../src/runtime/logger.ts'
import { createShared } from '../../../../src/runtime/shared.ts'
import { httpServer, reply } from '../../../support/http-server.ts'

const QUICK = { initialMs: 1, maxMs: 2 }
const everything = () => true
const SERVICES = { logger: silentLogger, shared: createShared() }

function context(signal = new AbortController().signal) {
  return { logger: silentLogger, signal }
}

function message(messageId: string, eventType = 'x', payload: object = {}): AppMessage {
  const notification = {
    event_type: eventType,
    message_id: messageId,
    timestamp: '2026-01-01T00:00:00',
    payload,
  } as unknown as Notification
  return { queue: 'q', body: Buffer.from(JSON.stringify(notification)), eventType, messageId, notification }
}

/** Fails on some messages, or as a whole as often as it is told. */
function app(failsOn: string[], errors: Error[] = []): ConsumerApp & { got: string[][] } {
  const got: string[][] = []
  return {
    got,
    handleMessages(messages) {
      got.push(messages.map(({ messageId }) => messageId))
      const error = errors.shift()
      if (error) throw error
      return messages.map(({ messageId }) => (failsOn.includes(messageId) ? `no ${messageId}` : undefined))
    },
  }
}

const stages = (letters: Awaited<ReturnType<typeof runApps>>) =>
  [...letters].map(([{ messageId }, list]) => [
    messageId,
    ...list.map(({ stage, reason }) => `${stage} ${reason}`),
  ])

test('a failure of one app is a dead letter of that app, and no loss for the others', async () => {
  const [one, two, three] = [app(['b']), app([], [new Error('broken'), new Error('alone')]), app([])]
  const letters = await runApps(
    [
      { name: 'One', app: one, accepts: everything },
      { name: 'Two', app: two, accepts: (type) => type !== 'y' },
      { name: 'Three', app: three, accepts: everything },
    ],
    [message('a'), message('b'), message('c', 'y')],
    context(),
  )
  expect(stages(letters)).toEqual([
    ['b', 'app:One no b'],
    ['a', 'app:Two alone'],
  ])
  expect([one, two, three].map(({ got }) => got)).toEqual([
    [['a', 'b', 'c']],
    [['a', 'b'], ['a'], ['b']],
    [['a', 'b', 'c']],
  ])
})

test('what is transient is waited out', async () => {
  const waiting = app([], [new TransientError('away'), new TransientError('away')])
  const letters = await runApps(
    [{ name: 'One', app: waiting, accepts: everything }],
    [message('a')],
    context(),
  )
  expect([letters.size, waiting.got.length]).toEqual([0, 3])
})

test('a consumer that stops waits no longer', async () => {
  const stopping = new AbortController()
  const waiting: ConsumerApp = {
    handleMessages() {
      stopping.abort()
      throw new TransientError('away')
    },
  }
  const running = runApps(
    [{ name: 'One', app: waiting, accepts: everything }],
    [message('a')],
    context(stopping.signal),
  )
  await expect(running).rejects.toThrow('the consumer stops')
})

test('outcomes may be promises, and null for done', async () => {
  const loose = {
    handleMessages: () => [Promise.resolve(null), Promise.resolve('no'), null],
  } as unknown as ConsumerApp
  const messages = [message('a'), message('b'), message('c')]
  const letters = await runApps([{ name: 'One', app: loose, accepts: everything }], messages, context())
  expect(stages(letters)).toEqual([['b', 'app:One no']])
})

test('an app that tells too few outcomes has failed on all', async () => {
  const silent: ConsumerApp = { handleMessages: () => [] }
  const letters = await runApps(
    [{ name: 'One', app: silent, accepts: everything }],
    [message('a')],
    context(),
  )
  expect(stages(letters)).toEqual([['a', 'app:One app One told no outcome for each message']])
})

test('AtomPub posts the notification; one that is refused or tried too often is told', async () => {
  const { url, received } = await httpServer((response, { body }) => {
    const text = String(body)
    reply(response, text.includes('refused') ? 400 : text.includes('busy') ? 503 : 201)
  })
  const feed = { url, auth: undefined, headers: { authorization: 'Basic x' }, timeoutMs: 1000 }
  const atompub = new AtomPubApp(
    {
      feed,
      waits: { ...QUICK, retries: 2 },
      content: 'notification',
      extra: {},
    },
    SERVICES,
  )
  const outcomes = await atompub.handleMessages(
    [message('good', 'x', { text: '<&>' }), message('refused'), message('busy')],
    context(),
  )
  expect(outcomes).toEqual([undefined, expect.stringContaining(' 400'), expect.stringContaining(' 503')])
  expect(received).toHaveLength(1 + 1 + 3)
  expect(received[0]?.headers.authorization).toBe('Basic x')
  const text = String(received[0]?.body)
  expect(text).toContain('<atom:id>urn:uuid:good</atom:id><atom:category term="x" />')
  expect(text).toContain('"payload":{"text":"&lt;&amp;&gt;"}')
})

test('CufPub posts the usage that a notification tells', async () => {
  const { url, received } = await httpServer((response) => reply(response, 201))
  const cufpub = new AtomPubApp(
    {
      feed: { url, auth: undefined, timeoutMs: 1000 },
      waits: QUICK,
      content: 'cuf',
      extra: { region: 'north' },
    },
    SERVICES,
  )
  const payload = {
    instance_id: 'i1',
    tenant_id: 't1',
    state: 'active',
    launched_at: '2026-01-01 01:00:00',
    audit_period_beginning: '2026-01-01 00:00:00',
    audit_period_ending: '2026-01-02 00:00:00',
    bandwidth: { public: { bw_in: 5, bw_out: 6 } },
    image_meta: { 'com.rackspace__1__options': '4' },
  }
  const outcomes = await cufpub.handleMessages(
    [message('m', 'compute.instance.exists', payload), message('n', 'x', { launched_at: '2026-01-01' })],
    context(),
  )
  expect(outcomes).toEqual([
    undefined,
    expect.stringContaining('it has launched_at but not audit_period_beginning'),
  ])
  const text = String(received[0]?.body)
  expect(text).toContain('<atom:title type="text">compute.instance.exists.cuf</atom:title>')
  expect(text).toContain('resourceId="i1"')
  expect(text).toContain('startTime="2026-01-01T01:00:00Z" endTime="2026-01-02T00:00:00Z"')
  expect(text).toContain('status="ACTIVE" osLicenseType="WINDOWS" bandwidthIn="5" bandwidthOut="6"')
})

test('elasticsearch gets the events that its definitions make', async () => {
  const { url, received } = await httpServer((response) =>
    reply(response, 200, {
      items: [{ index: { status: 201 } }, { index: { status: 400, error: { reason: 'no' } } }],
    }),
  )
  const definitions = compileDefinitions(
    [{ event_type: 'x.*', traits: { size: { fields: 'payload.size', type: 'int' } } }],
    { error: () => {} } as never,
  )
  const elasticsearch = new ElasticsearchApp(
    {
      server: { url, index: 'i', headers: {}, timeoutMs: 1000, waits: QUICK },
      region: 'north',
      distiller: createDistiller(definitions, { catchAll: false }),
    },
    SERVICES,
  )
  const outcomes = await elasticsearch.handleMessages(
    [
      message('a', 'x.a', { size: 4 }),
      message('none', 'y'),
      message('bad', 'x.b', { size: 'much' }),
      message('b', 'x.b', { size: 5 }),
    ],
    context(),
  )
  expect(outcomes).toEqual([undefined, undefined, expect.stringContaining('size'), '400 no'])
  const lines = String(received[0]?.body)
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  expect(lines.filter(({ index }) => !index)).toMatchObject([
    { message_id: 'a', region: 'north', traits: { size: 4 } },
    { message_id: 'b', event_type: 'x.b' },
  ])
})

test('whatever an own app answers is a reason that can be read', async () => {
  const odd = { handleMessages: () => [Object.create(null), true, new Error('bad'), null] }
  const messages = ['a', 'b', 'c', 'd'].map((id) => message(id))
  const letters = await runApps(
    [{ name: 'Odd', app: odd as unknown as ConsumerApp, accepts: everything }],
    messages,
    context(),
  )
  expect(stages(letters)).toEqual([
    ['a', 'app:Odd the app told a reason of type object, not text'],
    ['b', 'app:Odd the app told a reason of type boolean, not text'],
    ['c', 'app:Odd bad'],
  ])
})

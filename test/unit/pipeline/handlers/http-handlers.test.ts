import { createHmac } from 'node:crypto'
import { chmodSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { Webhook } from 'standardwebhooks'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import type { Handler, HandlerContext, HandlerParams } from '../../../../src/pipeline/handler.ts'
import { AtomPubHandler } from '../../../../src/pipeline/handlers/atompub-handler.ts'
import { checkedParams } from '../../../../src/pipeline/handlers/check-params.ts'
import { ElasticsearchHandler } from '../../../../src/pipeline/handlers/elasticsearch-handler.ts'
import { ExecHandler } from '../../../../src/pipeline/handlers/exec-handler.ts'
import { createHandlerContext } from '../../../../src/pipeline/handlers/handler-context.ts'
import { NotabeneHandler } from '../../../../src/pipeline/handlers/notabene-handler.ts'
import { WebhookHandler } from '../../../../src/pipeline/handlers/webhook-handler.ts'
import { silentLogger } from '../../../../src/runtime/logger.ts'
import { createShared } from '../../../../src/runtime/shared.ts'
import { event } from '../../../support/events.ts'
import { folderWith } from '../../../support/folders.ts'
import { handlerOf, type OpeningClass, openStep } from '../../../support/handlers.ts'
import { httpServer, reply } from '../../../support/http-server.ts'
import { until } from '../../../support/until.ts'

const QUICK = { wait_interval: 0.01, max_wait: 0.02 }
const ENV = { streamId: 1, streamName: 's' }

async function handled(
  handlerClass: OpeningClass<Handler>,
  params: HandlerParams,
  given: Partial<HandlerContext> = {},
): Promise<Handler> {
  const handler = handlerOf(handlerClass, { ...QUICK, ...params }, createHandlerContext(silentLogger, given))
  await handler.handleEvents(
    [
      event({ messageId: 'a', eventType: 'x.start', host: 'h1' }),
      event({ messageId: 'b', eventType: 'x.end', traits: { size: { type: 'int', value: 4 } } }),
    ],
    ENV,
  )
  return handler
}

/** What all three have in common: what they do with a server that does not take it. */
describe.each([
  ['atompub', AtomPubHandler, {}, (url: string) => url],
  ['webhook', WebhookHandler, {}, (url: string) => url],
  ['elasticsearch', ElasticsearchHandler, {}, (url: string) => url],
] as const)('%s', (name, handlerClass, params, at) => {
  const taken = { items: [{ index: { status: 201 } }, { index: { status: 201 } }] }

  test('nothing is sent before the commit', async () => {
    const { url, received } = await httpServer((response) => reply(response, 201, taken))
    const handler = await handled(handlerClass, { ...params, url: at(url) })
    await handler.rollback()
    await handler.commit()
    expect(received).toEqual([])
  })

  test('a server that is busy, breaks off and half closes is asked again until it takes it', async () => {
    const { url, received } = await httpServer((response, _, number) => {
      if (number === 1) reply(response, 503, 'busy')
      else if (number === 2) response.destroy()
      else if (number === 3) response.socket?.end('HTTP/1.1 201 Cre')
      else reply(response, 201, taken)
    })
    const more = name === 'atompub' ? {} : { split_after: 9 }
    await (await handled(handlerClass, { ...params, ...more, url: at(url) })).commit()
    expect(received.length).toBe(name === 'atompub' ? 5 : 4)
  })

  test('a server that never answers is asked again after the time-out', async () => {
    const { url, received } = await httpServer((response, _, number) => {
      if (number > 1) reply(response, 201, taken)
    })
    await (await handled(handlerClass, { ...params, url: at(url), http_timeout: 0.1 })).commit()
    expect(received.length).toBeGreaterThan(1)
  })

  test('what is refused is told and not sent again', async () => {
    const { url, received } = await httpServer((response) => reply(response, 400, 'no such field'))
    const committing = (await handled(handlerClass, { ...params, url: at(url) })).commit()
    await expect(committing).rejects.toThrow(/ answered 400: no such field$/)
    // An entry of its own for each event, a bulk request halved: one that is refused holds back no other.
    expect(received).toHaveLength({ atompub: 2, webhook: 1, elasticsearch: 3 }[name])
  })

  test('a request that is not answered is broken off a while after the worker stops', async () => {
    const stopping = new AbortController()
    const { url } = await httpServer(() => {
      vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
      stopping.abort()
      vi.advanceTimersByTime(5000)
    })
    onTestFinished(() => {
      vi.useRealTimers()
    })
    const slow = { ...params, url: at(url), http_timeout: 3600 }
    const handler = await handled(handlerClass, slow, { signal: stopping.signal })
    await expect(handler.commit()).rejects.toThrow('the worker stops')
  })

  test('a worker that stops gives up', async () => {
    const { url } = await httpServer((response) => {
      reply(response, 503)
      stopping.abort()
    })
    const stopping = new AbortController()
    const handler = await handled(handlerClass, { ...params, url: at(url) }, { signal: stopping.signal })
    await expect(handler.commit()).rejects.toThrow('the worker stops')
  })
})

describe('atompub', () => {
  test('posts one entry after the other, as Atom; one that is there already is done', async () => {
    const { url, received } = await httpServer((response, _, number) =>
      reply(response, number === 1 ? 409 : 201),
    )
    await (await handled(AtomPubHandler, { url, event_types: ['x.*', '!x.none'] })).commit()
    expect(received.map(({ headers }) => headers['content-type'])).toEqual(
      Array(2).fill('application/atom+xml'),
    )
    expect(received.map(({ body }) => /urn:uuid:(\w+)/.exec(String(body))?.[1])).toEqual(['a', 'b'])
  })

  test('takes a token, shares it, and renews it when it is not taken any more', async () => {
    let given = 0
    const identity = await httpServer((response) =>
      reply(response, 200, { access: { token: { id: `t${++given}` } } }),
    )
    const feed = await httpServer((response, { headers }) =>
      reply(response, headers['x-auth-token'] === 't2' ? 201 : 401),
    )
    const keyFile = join(folderWith({ key: 'secret\n' }), 'key')
    chmodSync(keyFile, 0o600)
    const params = { url: feed.url, auth_server: identity.url, auth_user: 'u', auth_key_file: keyFile }
    const shared = createShared()
    await (await handled(AtomPubHandler, params, { shared })).commit()
    await (await handled(AtomPubHandler, params, { shared })).commit()
    expect(identity.received.map(({ path }) => path)).toEqual(['/v2.0/tokens', '/v2.0/tokens'])
    expect(JSON.parse(String(identity.received[0]?.body))).toEqual({
      auth: { 'RAX-KSKEY:apiKeyCredentials': { username: 'u', apiKey: 'secret' } },
    })
    expect(feed.received.map(({ headers }) => headers['x-auth-token'])).toEqual([
      't1',
      't2',
      't2',
      't2',
      't2',
    ])
  })

  test('runs that need a token at the same time ask for one', async () => {
    let given = 0
    const identity = await httpServer((response) =>
      reply(response, 200, { access: { token: { id: `t${++given}` } } }),
    )
    const feed = await httpServer((response, { headers }) =>
      reply(response, headers['x-auth-token'] === 't2' ? 201 : 401),
    )
    const params = { url: feed.url, auth_server: identity.url, auth_user: 'u', auth_key: 'k' }
    const shared = createShared()
    const handlers = await Promise.all(
      Array.from({ length: 10 }, () => handled(AtomPubHandler, params, { shared })),
    )
    await Promise.all(handlers.map((handler) => handler.commit()))
    expect(identity.received).toHaveLength(2)
  })

  test('a key that others can read is not used: it is told, and waited for', async () => {
    const keyFile = join(folderWith({ key: 'secret' }), 'key')
    chmodSync(keyFile, 0o644)
    const { url, received } = await httpServer((response) => reply(response, 201))
    const params = { ...QUICK, url, auth_server: url, auth_user: 'v', auth_key_file: keyFile }
    const told: string[] = []
    const warn = (_: object, line: string) => {
      told.push(line)
      chmodSync(keyFile, 0o600)
    }
    const handler = handlerOf(AtomPubHandler, params, createHandlerContext({ ...silentLogger, warn }))
    handler.handleEvents([event({ messageId: 'a' })])
    void handler.commit().catch(() => {})
    await until('the key is asked with', () => received.length > 0)
    expect(told[0]).toContain('can be read by others')
    expect(told.join()).not.toContain('secret')
  })

  test('one that cannot be made is told after the others are posted', async () => {
    const { url, received } = await httpServer((response) => reply(response, 201))
    const context = createHandlerContext(silentLogger)
    const handler = handlerOf(AtomPubHandler, { url, content_format: 'cuf_xml' }, context)
    const launched_at = { type: 'datetime', value: 0 } as const
    handler.handleEvents([event({ messageId: 'odd', traits: { launched_at } }), event({ messageId: 'fine' })])
    await expect(handler.commit()).rejects.toThrow('odd: event odd (test.event): it has launched_at but not')
    expect(received.map(({ body }) => /urn:uuid:(\w+)/.exec(String(body))?.[1])).toEqual(['fine'])
  })
})

test('a password in a URL goes into a header, and into no message', async () => {
  const { url, received } = await httpServer((response) => reply(response, 400, 'no'))
  const params = { url: url.replace('http://', 'http://me:s3cr3t@') }
  const committing = (await handled(ElasticsearchHandler, params)).commit()
  await expect(committing).rejects.toThrow(/ http:\/\/127\.0\.0\.1:\d+ answered 400: no$/)
  expect(received[0]?.headers.authorization).toBe(`Basic ${Buffer.from('me:s3cr3t').toString('base64')}`)
})

test.each([
  ['webhook', WebhookHandler],
  ['elasticsearch', ElasticsearchHandler],
  ['atompub', AtomPubHandler],
] as const)(
  'what a server repeats of a request is told without its secrets: %s',
  async (name, handlerClass) => {
    const { url } = await httpServer((response, { path, headers }) =>
      reply(response, 400, `\u001b[31mno: ${path} ${JSON.stringify(headers)} ${headers['x-of']}`),
    )
    const params = {
      url: `${url.replace('http://', 'http://me:s3cr3t@')}/services/T000/s3cr3t?key=s3cr3t`,
      ...(name === 'atompub' ? {} : { headers: { 'X-Of': 's3cr3t-of', 'X-Auth-Token': 's3cr3t' } }),
    }
    const reason = await Promise.resolve((await handled(handlerClass, params)).commit()).then(String, String)
    expect(reason).toContain(' answered 400: \\u001b[31mno: ')
    expect(reason).not.toMatch(/s3cr3t|T000|bWU6czNj|(?!\n)\p{Cc}/u)
  },
)

test('what a program says is told without its secrets', async () => {
  const script =
    'console.error(`\\x1b[31m${process.env.HOME} password=s3cr3t Bearer s3cr3t-7Q0123456789 at here`); process.exit(65)'
  const reason = await Promise.resolve(
    (await handled(ExecHandler, { command: [process.execPath, '-e', script] })).commit(),
  ).then(String, String)
  expect(reason).toContain('password=*** Bearer *** at here')
  expect(reason).not.toMatch(/s3cr3t|\p{Cc}/u)
})

test('a header that cannot be sent is told without its text', async () => {
  const params = checkedParams(WebhookHandler, { url: 'http://127.0.0.1:1' })
  const headers = { authorization: 'Bearer s3\ncr3t' }
  const context = createHandlerContext(silentLogger)
  const handler = WebhookHandler.open({ ...params, headers }, context).forRun(context)
  handler.handleEvents([event({})])
  const committing = handler.commit()
  const error = await Promise.resolve(committing).catch((thrown: Error) => thrown)
  expect(String(error)).toContain('the URL or a header is not one that can be sent')
  expect(String(error)).not.toContain('cr3t')
})

describe('webhook', () => {
  test('packs and signs the events, with the headers that are asked for', async () => {
    const { url, received } = await httpServer((response) => reply(response, 204))
    const headers = { 'x-of': 'ours' }
    await (await handled(WebhookHandler, { url, gzip: true, secret: 'k', headers })).commit()
    const [one] = received
    const text = gunzipSync(one?.body ?? '').toString()
    expect(JSON.parse(text).events).toEqual([
      {
        event_type: 'x.start',
        message_id: 'a',
        timestamp: expect.any(String),
        traits: { host: { type: 'text', value: 'h1' } },
      },
      expect.objectContaining({ message_id: 'b', traits: { size: { type: 'int', value: 4 } } }),
    ])
    expect(one?.headers).toMatchObject({
      'x-of': 'ours',
      'content-encoding': 'gzip',
      'x-stacktach-signature': `sha256=${createHmac('sha256', 'k').update(text).digest('hex')}`,
    })
  })

  test('signs as Standard Webhooks, with the same id each time a batch is sent', async () => {
    const secret = `whsec_${Buffer.from('a key of its own').toString('base64')}`
    const { url, received } = await httpServer((response, _, number) =>
      reply(response, number < 3 ? 503 : 204),
    )
    const params = { url, secret, sha256_signature: false, split_after: 9 }
    await (await handled(WebhookHandler, params)).commit()
    expect(received).toHaveLength(3)
    expect(new Set(received.map(({ headers }) => headers['webhook-id'])).size).toBe(1)
    for (const { headers, body } of received) {
      expect(headers).not.toHaveProperty('x-stacktach-signature')
      // The code of others that receivers use.
      const given = headers as { [name: string]: string }
      expect(new Webhook(secret).verify(String(body), given)).toEqual(JSON.parse(String(body)))
      expect(() => new Webhook(secret).verify(`${body} `, given)).toThrow()
    }
  })

  test('speaks CloudEvents 1.0, in batches or one at a time', async () => {
    const { url, received } = await httpServer((response) => reply(response, 204))
    const params = { url, format: 'cloudevents', source: '/clouds/one' }
    await (await handled(WebhookHandler, params)).commit()
    await (await handled(WebhookHandler, { ...params, batch_size: 1, parallel: 1 })).commit()
    const first = {
      specversion: '1.0',
      id: 'a',
      source: '/clouds/one',
      type: 'x.start',
      time: '2026-01-01T00:00:00.000000Z',
      datacontenttype: 'application/json',
      data: { host: { type: 'text', value: 'h1' } },
    }
    expect(received.map(({ headers }) => headers['content-type'])).toEqual([
      'application/cloudevents-batch+json',
      ...Array(2).fill('application/cloudevents+json'),
    ])
    const bodies = received.map(({ body }) => JSON.parse(String(body)))
    expect(bodies[0]).toEqual([first, expect.objectContaining({ id: 'b', type: 'x.end' })])
    expect(bodies[1]).toEqual(first)
  })

  test('runs share batches; one that is refused is sent again run by run', async () => {
    const { url, received } = await httpServer((response, { body }) =>
      reply(response, String(body).includes('poison') ? 422 : 200),
    )
    const params = { ...QUICK, url, batch_size: 3, batch_ms: 50, parallel: 1 }
    const context = createHandlerContext(silentLogger)
    const step = openStep(WebhookHandler, params, context)
    const commits = ['a', 'poison', 'c', 'd'].map((messageId) => {
      const handler = step.forRun(context)
      handler.handleEvents([event({ messageId })])
      return handler.commit()
    })
    const outcomes = await Promise.allSettled(commits)
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'fulfilled'])
    const sent = received.map(({ body }) =>
      JSON.parse(String(body)).events.map((one: { message_id: string }) => one.message_id),
    )
    expect(sent[0]).toEqual(['a', 'poison', 'c'])
    expect(sent.slice(1).toSorted()).toEqual([['a'], ['c'], ['d'], ['poison']])
  })
})

test('a webhook that is away when the worker stops is not asked again for each run', async () => {
  const stopping = new AbortController()
  const { url, received } = await httpServer((response) => {
    stopping.abort()
    reply(response, 503)
  })
  const params = { ...QUICK, url }
  const context = createHandlerContext(silentLogger, { signal: stopping.signal })
  const step = openStep(WebhookHandler, params, context)
  const commits = ['a', 'b', 'c'].map((messageId) => {
    const handler = step.forRun(context)
    handler.handleEvents([event({ messageId })])
    return handler.commit()
  })
  const outcomes = await Promise.allSettled(commits)
  expect(outcomes.map(({ status }) => status)).toEqual(Array(3).fill('rejected'))
  expect(received).toHaveLength(1)
})

test.each([
  [WebhookHandler, { url: 'http://h/', headers: { 'x-a': 'a→b' } }, /^headers/],
  [WebhookHandler, { url: 'http://h/', headers: { 'x a': 'b' } }, /^headers/],
  [WebhookHandler, { url: 'http://h/', headers: { 'x-a': 'a b' } }, undefined],
  [AtomPubHandler, { url: 'http://h/', auth_server: 'h', auth_user: 'u', auth_key: 'k' }, /^auth_server/],
  [AtomPubHandler, { url: 'http://h/', auth_server: '' }, undefined],
  [WebhookHandler, { url: 'http://h/', tries: 0 }, /^tries/],
  [WebhookHandler, { url: 'http://h/', tries: 4, split_after: 2, max_wait: 9 }, undefined],
  [ElasticsearchHandler, { url: 'http://h/', split_after: 0.5 }, /^split_after/],
  [AtomPubHandler, { url: 'http://h/', split_after: 2 }, /unknown parameter split_after/],
  [ExecHandler, { command: ['true'], tries: 3, wait_interval: 1, max_wait: 5 }, undefined],
  [ExecHandler, { command: ['true'], wait_interval: 0 }, /^wait_interval/],
  [NotabeneHandler, { exchange: 'e', queue_name: 'q', wait_interval: 2, max_wait: 9 }, undefined],
  [NotabeneHandler, { exchange: '', queue_name: 'q' }, /^exchange/],
  [NotabeneHandler, { exchange: 'e', exchange_type: 'topik', queue_name: 'q' }, /^exchange_type/],
  [NotabeneHandler, { exchange: 'e', exchange_type: 'x-delayed', queue_name: 'q' }, undefined],
] as const)('parameters of %o: %j', (handler, params, message) => {
  const checking = () => checkedParams(handler, params)
  if (message) expect(checking).toThrow(message)
  else expect(checking).not.toThrow()
})

describe('elasticsearch', () => {
  test('indexes by message_id and sends again only what was not taken', async () => {
    const { url, received } = await httpServer((response, _, number) => {
      const items =
        number === 1 ? [{ index: { status: 201 } }, { index: { status: 429 } }] : [{ index: { status: 201 } }]
      reply(response, 200, { errors: number === 1, items })
    })
    await (await handled(ElasticsearchHandler, { url: `${url}/`, index: 'i' })).commit()
    const lines = received.map(({ path, body }) => [
      path,
      ...String(body)
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ])
    expect(lines).toEqual([
      [
        '/_bulk',
        { index: { _index: 'i', _id: 'a' } },
        expect.objectContaining({ traits: { host: 'h1' } }),
        { index: { _index: 'i', _id: 'b' } },
        expect.objectContaining({ event_type: 'x.end' }),
      ],
      ['/_bulk', { index: { _index: 'i', _id: 'b' } }, expect.objectContaining({ traits: { size: 4 } })],
    ])
  })

  test('a request that is too large is halved until it is told which document is', async () => {
    const indexed: string[] = []
    const { url } = await httpServer((response, { body }) => {
      const ids = [...String(body).matchAll(/"_id":"(\w+)"/g)].map(([, id]) => id as string)
      if (body.length > 1000) return reply(response, 413, 'too large')
      indexed.push(...ids)
      reply(response, 200, { items: ids.map(() => ({ index: { status: 201 } })) })
    })
    const handler = handlerOf(ElasticsearchHandler, { ...QUICK, url }, createHandlerContext(silentLogger))
    const text = (length: number) => ({ text: { type: 'text', value: 'x'.repeat(length) } }) as const
    handler.handleEvents(
      [400, 400, 2000, 400, 400].map((length, index) =>
        event({ messageId: `m${index}`, traits: text(length) }),
      ),
    )
    await expect(handler.commit()).rejects.toThrow(/refuses a document: .* answered 413: too large$/)
    expect(indexed).toEqual(['m0', 'm1', 'm3', 'm4'])
  })

  test('requests are kept small', async () => {
    const { url, received } = await httpServer((response, { body }) => {
      const items = [...String(body).matchAll(/"_id"/g)].map(() => ({ index: { status: 201 } }))
      reply(response, 200, { items })
    })
    const handler = handlerOf(ElasticsearchHandler, { ...QUICK, url }, createHandlerContext(silentLogger))
    const traits = { text: { type: 'text', value: 'é'.repeat(150_000) } } as const
    handler.handleEvents(Array.from({ length: 5 }, () => event({ traits })))
    await handler.commit()
    expect(received.map(({ body }) => body.length < 1_000_000)).toEqual([true, true, true])
  })

  test('a document that is refused fails the commit', async () => {
    const error = { reason: 'no such field' }
    const { url } = await httpServer((response) =>
      reply(response, 200, {
        errors: true,
        items: [{ index: { status: 400, error } }, { index: { status: 201 } }],
      }),
    )
    const committing = (await handled(ElasticsearchHandler, { url })).commit()
    await expect(committing).rejects.toThrow('refuses a document: 400 no such field')
  })
})

import { connect } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import { InvalidError } from '../../../../src/domain/errors.ts'
import type { Handler, HandlerParams, OpenedHandler } from '../../../../src/pipeline/handler.ts'
import { AtomPubHandler } from '../../../../src/pipeline/handlers/atompub-handler.ts'
import { ElasticsearchHandler } from '../../../../src/pipeline/handlers/elasticsearch-handler.ts'
import { createHandlerContext } from '../../../../src/pipeline/handlers/handler-context.ts'
import { WebhookHandler } from '../../../../src/pipeline/handlers/webhook-handler.ts'
import { silentLogger } from '../../../../src/runtime/logger.ts'
import { event } from '../../../support/events.ts'
import { handlerOf, type OpeningClass, openStep } from '../../../support/handlers.ts'
import { type Answer, httpServer, reply } from '../../../support/http-server.ts'

const QUICK = { wait_interval: 0.01, max_wait: 0.02, tries: 4 }
const ENV = { streamId: 1, streamName: 's' }

/** Takes all documents of a bulk request; an entry or a webhook needs no more than the status. */
function take(body: Buffer): object {
  return { items: [...String(body).matchAll(/"_id"/g)].map(() => ({ index: { status: 201 } })) }
}

/** Answers those that hold the poison otherwise. */
async function receiver(
  poisoned: Answer,
): Promise<{ url: string; taken: () => string[]; tried: () => number }> {
  const taken: string[] = []
  const { url, received } = await httpServer((response, one, number) => {
    const text = String(one.body)
    if (text.includes('bad')) return poisoned(response, one, number)
    taken.push(...(text.match(/good\d+(?=")|(?<=uuid:)good\d+/g) ?? []))
    reply(response, 200, take(one.body))
  })
  return { url, taken: () => [...new Set(taken)], tried: () => received.length }
}

const CONTEXT = createHandlerContext(silentLogger)

/** Steps of pipelines by their parameters, as a worker has them. */
const steps = new WeakMap<HandlerParams, OpenedHandler>()

function commit(
  handlerClass: OpeningClass<Handler>,
  params: HandlerParams,
  messageId: string,
  waitsAlone?: () => void,
) {
  const step = steps.get(params) ?? openStep(handlerClass, params, CONTEXT)
  steps.set(params, step)
  const handler = step.forRun({ ...CONTEXT, waitsAlone })
  handler.handleEvents([event({ messageId })], ENV)
  return Promise.resolve(handler.commit())
}

const GOOD = Array.from({ length: 40 }, (_, index) => `good${index}`)

const POISONS: readonly (readonly [string, Answer])[] = [
  ['500', (response) => reply(response, 500, 'boom')],
  ['403', (response) => reply(response, 403)],
  ['404', (response) => reply(response, 404)],
  ['502', (response) => reply(response, 502)],
  ['a redirection', (response) => reply(response, 302)],
  ['nothing, and breaks off', (response) => response.destroy()],
  ['what is no HTTP', (response) => response.socket?.end('SSH-2.0\r\n')],
  ['nothing in time', () => {}],
]

describe.each([
  ['atompub', AtomPubHandler],
  ['webhook', WebhookHandler],
  ['elasticsearch', ElasticsearchHandler],
] as const)('%s', (_, handlerClass) => {
  test.each(POISONS)(
    'one event that is answered by %s holds up no other, and is refused',
    async (_, answer) => {
      const { url, taken } = await receiver(answer)
      const params = {
        ...QUICK,
        // A slow machine has to answer the good ones within it.
        ...(answer.length === 0 ? { http_timeout: 2, tries: 2 } : { http_timeout: 30 }),
        url,
        parallel: 2,
        batch_size: 8,
      }
      const { parallel, batch_size, ...plain } = params
      const own = handlerClass === WebhookHandler ? params : plain
      let alone = 0
      const bad = commit(handlerClass, own, 'bad', () => alone++)
      bad.catch(() => {})
      await Promise.all(GOOD.map((messageId) => commit(handlerClass, own, messageId)))
      expect(taken().toSorted()).toEqual(GOOD.toSorted())
      // One after the other, so that some come between its tries.
      for (let index = 0; index < 5; index++) await commit(handlerClass, own, `good9${index}`)
      await expect(bad).rejects.toThrow(InvalidError)
      expect(alone).toBe(1)
    },
  )

  test('many that are refused hold up no other', async () => {
    const { url, taken } = await receiver((response) => reply(response, 500))
    const params = { ...QUICK, url }
    const bad = Array.from({ length: 120 }, (_, index) => commit(handlerClass, params, `bad${index}`))
    const ends = Promise.allSettled(bad)
    await Promise.all(GOOD.map((messageId) => commit(handlerClass, params, messageId)))
    expect(taken()).toHaveLength(GOOD.length)
    expect(new Set((await ends).map(({ status }) => status))).toEqual(new Set(['rejected']))
  })

  test('a server that answers 500 to all for a while gets all afterwards', async () => {
    let isAway = true
    const { url, received } = await httpServer((response, { body }, number) => {
      if (number > 200) isAway = false
      reply(response, isAway ? 500 : 200, take(body))
    })
    const params = { ...QUICK, url }
    await Promise.all(GOOD.map((messageId) => commit(handlerClass, params, messageId)))
    expect(received.length).toBeGreaterThan(200)
  })
})

test.each([
  [503, 'unavailable'],
  [500, 'failed'],
])('of a batch that is answered by %i because of one all others are delivered', async (status) => {
  const { url, taken } = await receiver((response) => reply(response, status))
  const stopping = new AbortController()
  const context = createHandlerContext(silentLogger, { signal: stopping.signal })
  const params = { ...QUICK, url, batch_size: 100 }
  const step = openStep(WebhookHandler, params, context)
  const commits = ['bad', ...GOOD].map((messageId) => {
    const handler = step.forRun(context)
    handler.handleEvents([event({ messageId })])
    return handler.commit()
  })
  const ends = Promise.allSettled(commits)
  await Promise.all(commits.slice(1))
  expect(taken().toSorted()).toEqual(GOOD.toSorted())
  stopping.abort()
  await ends
})

test('of a bulk request one document that fails holds up no other', async () => {
  const indexed = new Set<string>()
  const { url } = await httpServer((response, { body }) => {
    const ids = [...String(body).matchAll(/"_id":"(\w+)"/g)].map(([, id]) => id as string)
    for (const id of ids) if (id !== 'bad') indexed.add(id)
    const error = { reason: 'odd' }
    const items = ids.map((id) => ({ index: id === 'bad' ? { status: 500, error } : { status: 201 } }))
    reply(response, 200, { errors: true, items })
  })
  const params = { ...QUICK, url }
  const step = openStep(ElasticsearchHandler, params, CONTEXT)
  steps.set(params, step)
  const handler = step.forRun(CONTEXT)
  handler.handleEvents(['bad', ...GOOD].map((messageId) => event({ messageId })))
  const committing = handler.commit()
  committing.catch(() => {})
  for (let index = 0; index < 5; index++) await commit(ElasticsearchHandler, params, `good9${index}`)
  await expect(committing).rejects.toThrow('500 odd')
  expect(indexed.size).toBe(GOOD.length + 5)
})

/** Says 200, and then nothing of what it announced. */
const CUTS: readonly (readonly [string, Answer])[] = [
  [
    'is cut',
    (response) => {
      response.writeHead(200, { 'content-length': '100' })
      response.write('half', () => response.socket?.destroy())
    },
  ],
  [
    'hangs',
    (response) => {
      response.writeHead(200, { 'content-length': '100' })
      response.write('half')
    },
  ],
  [
    'drips',
    (response) => {
      response.writeHead(200)
      const timer = setInterval(() => response.write('a'), 50)
      response.on('close', () => clearInterval(timer))
    },
  ],
  [
    'is no gzip',
    (response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' })
      response.end('no gzip')
    },
  ],
]

describe.each([
  ['atompub', AtomPubHandler],
  ['webhook', WebhookHandler],
] as const)('%s', (_, handlerClass) => {
  test.each(CUTS)('what was answered by a 200 whose body %s is done', async (_, answer) => {
    const { url, received } = await httpServer(answer)
    await commit(handlerClass, { ...QUICK, url, http_timeout: 30 }, 'a')
    expect(received).toHaveLength(1)
  })

  test('what was refused by a 400 whose body is cut is refused', async () => {
    const { url, received } = await httpServer((response) => {
      response.writeHead(400, { 'content-length': '100' })
      response.write('no such field', () => response.socket?.destroy())
    })
    await expect(commit(handlerClass, { ...QUICK, url }, 'a')).rejects.toThrow('answered 400: no such field')
    expect(received).toHaveLength(1)
  })
})

test('a token that cannot be sent is asked for anew', async () => {
  const tokens = ['t\u0000', 't→', '', 'good']
  const identity = await httpServer((response, _, number) =>
    reply(response, 200, { access: { token: { id: tokens[number - 1] ?? 'good' } } }),
  )
  const feed = await httpServer((response) => reply(response, 201))
  const params = { ...QUICK, url: feed.url, auth_server: identity.url, auth_user: 'odd', auth_key: 'k' }
  for (let index = 0; index < 20; index++) await commit(AtomPubHandler, params, `m${index}`)
  expect(identity.received).toHaveLength(4)
  expect(feed.received.map(({ headers }) => headers['x-auth-token'])).toEqual(Array(20).fill('good'))
})

test('an identity server that answers errors while the feed takes others refuses no entry', async () => {
  const identity = await httpServer((response, _, number) =>
    reply(response, number > 20 ? 200 : 500, { access: { token: { id: 't' } } }),
  )
  const feed = await httpServer((response) => reply(response, 201))
  const params = { ...QUICK, url: feed.url, auth_server: identity.url, auth_user: 'away', auth_key: 'k' }
  await commit(AtomPubHandler, params, 'a')
  expect(feed.received).toHaveLength(1)
})

test('a connection that is refused is of the server, whatever it took before', async () => {
  const { url } = await httpServer((response, { body }) => reply(response, 200, take(body)))
  const params = { ...QUICK, url }
  await commit(WebhookHandler, params, 'a')
  // Nobody listens there.
  const away = { ...QUICK, url: 'http://127.0.0.1:9/' }
  const refused = await new Promise<boolean>((resolve) => {
    const socket = connect(9, '127.0.0.1', () => resolve(false)).on('error', () => resolve(true))
    onTestFinished(() => void socket.destroy())
  })
  expect(refused).toBe(true)
  const stopping = new AbortController()
  let warned = 0
  const logger = { ...silentLogger, warn: () => void warned++ }
  const context = createHandlerContext(logger, { signal: stopping.signal })
  const handler = handlerOf(WebhookHandler, away, context)
  handler.handleEvents([event({ messageId: 'a' })])
  const committing = handler.commit()
  setTimeout(() => stopping.abort(), 500)
  await expect(committing).rejects.toThrow('the worker stops')
  expect(warned).toBe(1)
})

import { createServer } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { PublisherPool } from '../../../../src/assembly/publisher-pool.ts'
import { createHandlerContext } from '../../../../src/pipeline/handlers/handler-context.ts'
import { NotabeneHandler } from '../../../../src/pipeline/handlers/notabene-handler.ts'
import { silentLogger } from '../../../../src/runtime/logger.ts'
import { event } from '../../../support/events.ts'
import { handlerOf, openStep } from '../../../support/handlers.ts'
import { until } from '../../../support/until.ts'

const PARAMS = { exchange: 'e', queue_name: 'q', env_keys: ['out'] }
const ENV = { streamId: 1, streamName: 's' }

/** A port on which nobody speaks AMQP. */
async function portOfNobody(): Promise<number> {
  const server = createServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  return (server.address() as { port: number }).port
}

test('each broker that is away is told once, by its address and without its password', async () => {
  const [stopping, told] = [new AbortController(), [] as string[]]
  const logger = { ...silentLogger, warn: (_: object, line: string) => void told.push(line) }
  const publishers = new PublisherPool(silentLogger)
  onTestFinished(() => publishers.close())
  const context = createHandlerContext(logger, {
    signal: stopping.signal,
    publisherFor: publishers.publisherFor,
  })
  const ports = [await portOfNobody(), await portOfNobody()]
  const urls = ports.flatMap((port) => [
    `amqp://u:s3cret@127.0.0.1:${port}/`,
    `amqp://v:s3cret@127.0.0.1:${port}/w`,
  ])
  const steps = urls.map((url) => ({ ...PARAMS, url, wait_interval: 0.01, max_wait: 0.02 }))
  const commits = steps.flatMap((params) => {
    const step = openStep(NotabeneHandler, params, context)
    return [1, 2, 3].map((number) => {
      const handler = step.forRun(context)
      handler.handleEvents([event({})], { ...ENV, out: [{ number }] })
      return handler.commit()
    })
  })
  const ends = Promise.allSettled(commits)
  await until('all are told', () => told.length >= urls.length)
  stopping.abort()
  await ends
  expect(told.map((line) => /^amqp:\S+/.exec(line)?.[0]).toSorted()).toEqual(
    ports.flatMap((port) => [`amqp://127.0.0.1:${port}/:`, `amqp://127.0.0.1:${port}/w:`]).toSorted(),
  )
  expect(told.join()).not.toContain('s3cret')
})

const circular: { self?: unknown } = {}
circular.self = circular

test.each([
  ['refers to itself', circular],
  ['writes itself as nothing', { toJSON: () => undefined }],
  [
    'throws when it is written',
    {
      toJSON() {
        throw new Error('odd')
      },
    },
  ],
  ['is a function', [() => {}]],
])('a notification that %s fails before anything is committed', (_, out) => {
  const handler = handlerOf(NotabeneHandler, PARAMS, createHandlerContext(silentLogger))
  expect(() => handler.handleEvents([event({})], { ...ENV, out })).toThrow(/^env\.out holds /)
  expect(handler.wouldPublish()).toEqual([])
})

test('what is sent is what the handlers before it left, large integers too', () => {
  const handler = handlerOf(NotabeneHandler, PARAMS, createHandlerContext(silentLogger))
  handler.handleEvents([event({})], { ...ENV, out: { a: 9_007_199_254_740_993n } })
  expect(handler.wouldPublish()).toEqual([{ a: 9_007_199_254_740_993n }])
})

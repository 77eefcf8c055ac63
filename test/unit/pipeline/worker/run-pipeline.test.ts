import { expect, test } from 'vitest'
import type { Event } from '../../../../src/domain/event.ts'
import type { Stream } from '../../../../src/domain/stream.ts'
import type { Handler, HandlerClass, HandlerEnv } from '../../../../src/pipeline/handler.ts'
import { createHandlerContext } from '../../../../src/pipeline/handlers/handler-context.ts'
import { OpenedSteps } from '../../../../src/pipeline/handlers/opened-steps.ts'
import { type PipelineOutcome, runPipeline } from '../../../../src/pipeline/worker/run-pipeline.ts'
import { silentLogger } from '../../../../src/runtime/logger.ts'
import { event } from '../../../support/events.ts'

const TRAITS = { host: { type: 'text', value: 'h1' } } as const
const STREAM = { id: 7, name: 'trigger', distinguishingTraits: TRAITS } as unknown as Stream
const made = event({ messageId: 'made' })

/** A handler that notes its calls and fails where it is told to. */
function noting(
  calls: string[],
  name: string,
  failsIn?: string,
  work?: (events: readonly Event[], env: HandlerEnv) => readonly Event[],
): HandlerClass {
  const note = (call: string) => {
    calls.push(`${name} ${call}`)
    if (call === failsIn) throw new Error(`${name} fails in ${call}`)
  }
  return class implements Handler {
    constructor() {
      note('new')
    }
    async handleEvents(events: readonly Event[], env: HandlerEnv) {
      note('handle')
      return work ? work(events, env) : events
    }
    commit() {
      note('commit')
    }
    rollback() {
      note('rollback')
    }
  }
}

async function run(...handlers: HandlerClass[]): Promise<PipelineOutcome> {
  const steps = handlers.map((handler, index) => ({ name: `h${index + 1}`, handler, params: {} }))
  const context = createHandlerContext(silentLogger)
  const opened = new OpenedSteps(context)
  return runPipeline({ name: 'p', steps }, STREAM, [event({ messageId: 'old' })], opened, context)
}

test('handles in order, then commits in order', async () => {
  const calls: string[] = []
  const outcome = await run(noting(calls, 'a'), noting(calls, 'b'))
  expect(outcome).toEqual({ ok: true, newEvents: [], commitError: null })
  expect(calls).toEqual(['a new', 'b new', 'a handle', 'b handle', 'a commit', 'b commit'])
})

test('an error is told with what caused it, unless that is itself', async () => {
  const failing = noting([], 'a', undefined, () => {
    throw new Error('fetch failed', { cause: new Error('ECONNREFUSED 127.0.0.1:9') })
  })
  const own = noting([], 'b', undefined, () => {
    const error = new Error('round')
    throw Object.assign(error, { cause: error })
  })
  expect(await run(failing)).toMatchObject({
    error: expect.stringMatching(
      /^h1: Error: fetch failed\n.*\ncaused by Error: ECONNREFUSED 127\.0\.0\.1:9\n/s,
    ),
  })
  expect(await run(own)).toMatchObject({ error: expect.not.stringContaining('caused by') })
})

test('a failing handler rolls all back, also those that were not reached', async () => {
  const calls: string[] = []
  const outcome = await run(noting(calls, 'a'), noting(calls, 'b', 'handle'), noting(calls, 'c'))
  expect(outcome).toMatchObject({
    ok: false,
    error: expect.stringMatching(/^h2: Error: b fails in handle\n.* at /),
  })
  expect(calls.slice(3)).toEqual(['a handle', 'b handle', 'a rollback', 'b rollback', 'c rollback'])
})

test('a constructor that throws fails the pipeline', async () => {
  const calls: string[] = []
  expect(await run(noting(calls, 'a'), noting(calls, 'b', 'new'))).toMatchObject({ ok: false })
  expect(calls).toEqual(['a new', 'b new', 'a rollback'])
})

test('a failing commit does not stop the others and is told', async () => {
  const calls: string[] = []
  const outcome = await run(noting(calls, 'a', 'commit'), noting(calls, 'b'))
  expect(outcome).toMatchObject({ ok: true, commitError: expect.stringContaining('commit of h1') })
  expect(calls.slice(-2)).toEqual(['a commit', 'b commit'])
})

test('a failing rollback does not stop the others', async () => {
  const calls: string[] = []
  await run(noting(calls, 'a', 'rollback'), noting(calls, 'b', 'handle'))
  expect(calls.slice(-2)).toEqual(['a rollback', 'b rollback'])
})

test('events that come out and did not go in are new; handlers share the environment', async () => {
  const calls: string[] = []
  const adding = noting(calls, 'a', undefined, (events, env) => {
    env.note = env.streamName
    return [...events, made]
  })
  const checking = noting(calls, 'b', undefined, (events, env) => {
    expect(env).toEqual({ streamId: 7, streamName: 'trigger', distinguishingTraits: TRAITS, note: 'trigger' })
    return events.slice(1)
  })
  expect(await run(adding, checking)).toMatchObject({ ok: true, newEvents: [made] })
})

test.each([
  ['no object', 5, 'it is no object'],
  ['without an id', { ...made, messageId: undefined }, 'its messageId is no text'],
  ['without a type', { ...made, eventType: '' }, 'its eventType is no text'],
  ['a Date for a timestamp', { ...made, timestamp: new Date() }, 'its timestamp is no integer'],
  ['without traits', { ...made, traits: undefined }, 'its traits are no object'],
  ['an untyped trait', { ...made, traits: { host: 'h' } }, 'its trait host is no {type, value}'],
  [
    'an int beyond 64 bits',
    { ...made, traits: { n: { type: 'int', value: 2n ** 63n } } },
    'its trait n is no',
  ],
  ['a trait of another type', { ...made, traits: { n: { type: 'int', value: '1' } } }, 'its trait n is no'],
])('a new event that cannot be stored (%s) is found before anything is committed', async (_, bad, reason) => {
  const calls: string[] = []
  const outcome = await run(noting(calls, 'a', undefined, (events) => [...events, bad as Event]))
  expect(outcome).toMatchObject({ ok: false, error: expect.stringContaining(reason) })
  expect(calls).toEqual(['a new', 'a handle', 'a rollback'])
})

test('of an error as long as a document the beginning is told', async () => {
  const long = class implements Handler {
    handleEvents(): never {
      throw new Error('x'.repeat(5_000_000))
    }
    commit() {}
    rollback() {}
  }
  const outcome = await run(long)
  expect(outcome.ok ? '' : outcome.error).toHaveLength(65_536)
})

import { resolve } from 'node:path'
import { expect, test } from 'vitest'
import { createHandlerContext } from '../../../src/pipeline/handlers/handler-context.ts'
import { OpenedSteps } from '../../../src/pipeline/handlers/opened-steps.ts'
import { loadPipelines } from '../../../src/pipeline/load-pipelines.ts'
import { silentLogger } from '../../../src/runtime/logger.ts'
import { event } from '../../support/events.ts'

const CONFIG = resolve(import.meta.dirname, '../../../config')

function load(params: { readonly [name: string]: unknown }) {
  return loadPipelines({
    pipelines: { p: [{ name: 'event_count', params }] },
    handlers: { event_count: './handlers/event-count.js:EventCount' },
    folder: CONFIG,
  })
}

test('the example counts the events of a stream, with the same id each time', async () => {
  const { pipelines, faults } = await load({ event_type: 'counted' })
  expect(faults).toEqual([])
  const [step] = pipelines.get('p')?.steps ?? []
  if (!step) throw new Error('the pipeline has a step')
  const context = createHandlerContext(silentLogger)
  const opened = new OpenedSteps(context)
  const run = async () => {
    const handler = await opened.handlerOf(step, context)
    const events = ['a', 'b', 'b'].map((eventType, index) => event({ eventType, messageId: `m${index}` }))
    return handler.handleEvents(events, { streamId: 7, streamName: 's' })
  }
  const made = (await run()).at(-1)
  expect(made).toMatchObject({
    eventType: 'counted',
    traits: {
      a: { type: 'int', value: 1 },
      b: { type: 'int', value: 2 },
      stream_id: { type: 'int', value: 7 },
    },
  })
  expect((await run()).at(-1)?.messageId).toBe(made?.messageId)
})

test('parameters that its schema does not know are refused', async () => {
  expect((await load({ type: 'x' })).faults).toEqual([
    { pipeline: 'p', step: 0, message: 'event_count: unknown parameter type; known are event_type' },
  ])
})

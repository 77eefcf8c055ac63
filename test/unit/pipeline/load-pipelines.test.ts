import { expect, test } from 'vitest'
import type { HandlerParams } from '../../../src/pipeline/handler.ts'
import { createHandlerContext } from '../../../src/pipeline/handlers/handler-context.ts'
import { OpenedSteps } from '../../../src/pipeline/handlers/opened-steps.ts'
import { loadPipelines } from '../../../src/pipeline/load-pipelines.ts'
import { silentLogger } from '../../../src/runtime/logger.ts'
import { folderWith } from '../../support/folders.ts'

const MODULE = `
export class Mine {
  static schema = {
    type: 'object',
    additionalProperties: false,
    properties: {
      url: { type: 'string' },
      most: { type: ['integer', 'null'], default: 4 },
      old: { deprecated: true },
    },
  }
  static open(params) {
    let runs = 0
    return { forRun: () => ({ handleEvents: () => [params, ++runs], commit() {}, rollback() {} }) }
  }
}`

function load(name: string, params: HandlerParams = {}) {
  const folder = folderWith({ 'mine.mjs': MODULE })
  return loadPipelines({
    pipelines: { p: [{ name, params }] },
    handlers: { mine: './mine.mjs:Mine' },
    folder,
  })
}

test.each([
  [{ url: 'u' }, { url: 'u', most: 4 }],
  [{ most: null }, { most: 4 }],
  [{ most: 2 }, { most: 2 }],
])('an own class is opened with its parameters and the defaults of its schema: %j', async (given, whole) => {
  const { pipelines, faults } = await load('mine', given)
  expect(faults).toEqual([])
  const [step] = pipelines.get('p')?.steps ?? []
  if (!step) throw new Error('the pipeline has a step')
  const context = createHandlerContext(silentLogger)
  const opened = new OpenedSteps(context)
  for (const run of [1, 2]) {
    const handler = await opened.handlerOf(step, context)
    expect(handler.handleEvents([], { streamId: 1, streamName: 's' })).toEqual([whole, run])
  }
})

test('a parameter that has no effect is no fault', async () => {
  const { faults, unused } = await load('mine', { old: 1 })
  expect(faults).toEqual([])
  expect(unused).toEqual([
    { pipeline: 'p', step: 0, parameter: 'old', message: 'mine: old: is accepted and has no effect' },
  ])
})

test('a name that is mistyped is answered with the nearest', async () => {
  const { faults } = await load('webhok')
  expect(faults.map(({ message }) => message)).toEqual([
    'webhok: there is no handler webhok; known are mine, atompub, elasticsearch, exec, logger, notabene, usage, webhook, own ones are named as ./my.js:MyHandler; did you mean "webhook"?',
  ])
})

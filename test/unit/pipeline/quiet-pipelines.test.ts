import { expect, test } from 'vitest'
import type { Event } from '../../../src/domain/event.ts'
import type { Handler, HandlerClass } from '../../../src/pipeline/handler.ts'
import { createHandlerContext } from '../../../src/pipeline/handlers/handler-context.ts'
import { HANDLERS } from '../../../src/pipeline/handlers/handler-registry.ts'
import { OpenedSteps } from '../../../src/pipeline/handlers/opened-steps.ts'
import type { Pipeline, PipelineStep } from '../../../src/pipeline/load-pipelines.ts'
import { quietPipelines, sendersOf, type Unsent } from '../../../src/pipeline/quiet-pipelines.ts'
import { silentLogger } from '../../../src/runtime/logger.ts'

const BUILT_IN = ['atompub', 'elasticsearch', 'exec', 'logger', 'notabene', 'usage', 'webhook']

function pipelineOf(...steps: readonly (readonly [string, HandlerClass])[]): Map<string, Pipeline> {
  const listed = steps.map(([name, handler]): PipelineStep => ({ name, handler, params: { p: name } }))
  return new Map([['p', { name: 'p', steps: listed }]])
}

test('of the handlers that come with it those that send something are known', async () => {
  const classes = await Promise.all(
    BUILT_IN.map(async (name) => [name, await HANDLERS.load(name, { named: {}, folder: '.' })] as const),
  )
  expect(sendersOf(pipelineOf(...classes))).toEqual([
    'atompub',
    'elasticsearch',
    'exec',
    'notabene',
    'webhook',
  ])
})

test.each(['a class', 'a class with open'])(
  'of %s events are handled and nothing is committed',
  async (kind) => {
    const log: string[] = []
    class Sender implements Handler {
      handleEvents(events: readonly Event[]) {
        log.push('handle')
        return events
      }
      commit() {
        log.push('commit')
      }
      rollback() {
        log.push('rollback')
      }
      wouldPublish() {
        return ['x']
      }
    }
    const open = (params: object) => {
      log.push(`open ${JSON.stringify(params)}`)
      return { forRun: () => new Sender(), close: () => void log.push('close') }
    }
    const unsent: Unsent[] = []
    const quiet = quietPipelines(pipelineOf(['own', kind === 'a class' ? Sender : { open }]), (one) =>
      unsent.push(one),
    )
    const context = createHandlerContext(silentLogger)
    const opened = new OpenedSteps(context)
    const step = quiet.get('p')?.steps[0] as PipelineStep
    const handler = await opened.handlerOf(step, context)
    const env = { streamId: 7, streamName: 's' }
    await handler.handleEvents([], env)
    await handler.commit()
    await opened.close()
    expect(log.filter((line) => !line.startsWith('open') && line !== 'close')).toEqual(['handle', 'rollback'])
    expect(log.includes('close')).toBe(kind !== 'a class')
    expect(unsent).toEqual([{ handler: 'own', env, sent: ['x'] }])
  },
)

test('a handler that says that it changes nothing elsewhere is left as it is', () => {
  class Harmless {
    static readonly changesOthers = false
    handleEvents = (events: readonly Event[]) => events
    commit() {}
    rollback() {}
  }
  const pipelines = pipelineOf(['own', Harmless])
  expect(sendersOf(pipelines)).toEqual([])
  expect(quietPipelines(pipelines).get('p')?.steps[0]?.handler).toBe(Harmless)
})

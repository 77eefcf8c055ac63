import { expect, test } from 'vitest'
import type { HandlerClass, HandlerParams } from '../../../../src/pipeline/handler.ts'
import { createHandlerContext } from '../../../../src/pipeline/handlers/handler-context.ts'
import { OpenedSteps } from '../../../../src/pipeline/handlers/opened-steps.ts'
import type { PipelineStep } from '../../../../src/pipeline/load-pipelines.ts'
import { runPipeline } from '../../../../src/pipeline/worker/run-pipeline.ts'
import { silentLogger } from '../../../../src/runtime/logger.ts'
import { event } from '../../../support/events.ts'

const STREAM = { id: 7, name: 'trigger' } as Parameters<typeof runPipeline>[1]

/** A class that counts the runs of each step, and notes what becomes of the steps. */
function counting(notes: string[], fails: { open?: number; close?: boolean } = {}): HandlerClass {
  let failures = fails.open ?? 0
  return class Counting {
    static async open({ name }: HandlerParams) {
      notes.push(`open ${name}`)
      if (failures-- > 0) throw new Error(`${name} is not ready`)
      const step = { runs: 0 }
      return {
        forRun: () => new Counting(step, String(name)),
        close() {
          notes.push(`close ${name} after ${step.runs} runs`)
          if (fails.close) throw new Error('stuck')
        },
      }
    }

    readonly step: { runs: number }
    readonly name: string

    constructor(step: { runs: number }, name: string) {
      this.step = step
      this.name = name
    }

    handleEvents(events: readonly ReturnType<typeof event>[]) {
      notes.push(`run ${++this.step.runs} of ${this.name}`)
      return events
    }

    commit() {}
    rollback() {}
  }
}

const stepOf = (handler: HandlerClass, name: string): PipelineStep => ({ name, handler, params: { name } })

function runsOf(opened: OpenedSteps, ...steps: PipelineStep[]) {
  const context = createHandlerContext(silentLogger)
  return runPipeline({ name: 'p', steps }, STREAM, [event({})], opened, context)
}

test('each step is opened once, keeps its state over runs, and is closed once', async () => {
  const notes: string[] = []
  const handler = counting(notes)
  const steps = [stepOf(handler, 'a'), stepOf(handler, 'b')]
  const opened = new OpenedSteps(createHandlerContext(silentLogger))
  const outcomes = [await runsOf(opened, ...steps), await runsOf(opened, ...steps)]
  expect(outcomes).toEqual(Array(2).fill({ ok: true, newEvents: [], commitError: null }))
  expect(notes).toEqual(['open a', 'open b', 'run 1 of a', 'run 1 of b', 'run 2 of a', 'run 2 of b'])
  notes.length = 0
  await opened.close()
  await opened.close()
  expect(notes).toEqual(['close a after 2 runs', 'close b after 2 runs'])
})

test('runs that begin at the same time open a step once', async () => {
  const notes: string[] = []
  const step = stepOf(counting(notes), 'a')
  const opened = new OpenedSteps(createHandlerContext(silentLogger))
  await Promise.all(Array.from({ length: 5 }, () => runsOf(opened, step)))
  expect(notes.filter((note) => note === 'open a')).toHaveLength(1)
  expect(notes).toContain('run 5 of a')
})

test('a step that cannot be opened fails the run as a constructor does, and the next run opens it again', async () => {
  const notes: string[] = []
  const step = stepOf(counting(notes, { open: 1 }), 'a')
  const opened = new OpenedSteps(createHandlerContext(silentLogger))
  const thrower = class {
    constructor() {
      throw new Error('a is not ready')
    }
  } as unknown as HandlerClass
  const [byOpen, byConstructor] = [await runsOf(opened, step), await runsOf(opened, stepOf(thrower, 'a'))]
  const failed = { ok: false, end: 'failed', error: expect.stringMatching(/^a: Error: a is not ready\n/) }
  expect([byOpen, byConstructor]).toEqual([failed, failed])
  expect(await runsOf(opened, step)).toMatchObject({ ok: true })
  expect(notes).toEqual(['open a', 'open a', 'run 1 of a'])
})

test('what is opened must make handlers', async () => {
  const handler = { open: () => ({}) } as unknown as HandlerClass
  const opened = new OpenedSteps(createHandlerContext(silentLogger))
  expect(await runsOf(opened, stepOf(handler, 'a'))).toMatchObject({
    error: expect.stringContaining('open must return an object with forRun(context)'),
  })
})

test('a step that cannot be closed is told and keeps no other open', async () => {
  const [notes, told]: string[][] = [[], []]
  const logger = { ...silentLogger, warn: (_: object, line: string) => void told?.push(line) }
  const opened = new OpenedSteps(createHandlerContext(logger))
  await runsOf(
    opened,
    stepOf(counting(notes ?? [], { close: true }), 'a'),
    stepOf(counting(notes ?? []), 'b'),
  )
  await opened.close()
  expect(notes?.slice(-2)).toEqual(['close a after 1 runs', 'close b after 1 runs'])
  expect(told).toEqual(['handler a could not be closed: stuck'])
})

test('steps get one instance of what they share, and the signal of the worker', async () => {
  class Pool {}
  const got: unknown[] = []
  const handler: HandlerClass = {
    open(_, services) {
      got.push(services.shared(Pool), services.signal)
      return { forRun: () => ({ handleEvents: (events) => events, commit() {}, rollback() {} }) }
    },
  }
  const services = createHandlerContext(silentLogger)
  await runsOf(new OpenedSteps(services), stepOf(handler, 'a'), stepOf(handler, 'b'))
  expect(got[0]).toBeInstanceOf(Pool)
  expect(got).toEqual([got[0], services.signal, got[0], services.signal])
  expect(got[2]).toBe(got[0])
})

import { expect, test } from 'vitest'
import { RunningWorker } from '../../../../src/assembly/reload/running-worker.ts'
import type { Worker } from '../../../../src/pipeline/worker/worker.ts'

function workerOf(name: string, done: string[], retired: Promise<void> = Promise.resolve()): Worker {
  return {
    start: async () => void done.push(`start ${name}`),
    stop: async () => void done.push(`stop ${name}`),
    async retire() {
      done.push(`retire ${name}`)
      await retired
    },
    slowRuns: () => new Map([['p', 1]]),
    away: () => [`away ${name}`],
  } as unknown as Worker
}

test('the next worker starts at once; both are looked at and stopped while the one before has runs in hand', async () => {
  const done: string[] = []
  const { promise: held, resolve: release } = Promise.withResolvers<void>()
  const failures: unknown[] = []
  const running = new RunningWorker(workerOf('a', done, held), (error) => failures.push(error))
  await running.start()
  running.replace(workerOf('b', done))
  expect(done).toEqual(['start a', 'retire a', 'start b'])
  expect(running.slowRuns()).toEqual(new Map([['p', 2]]))
  expect(running.away()).toEqual(['away b', 'away a'])
  await running.stop()
  expect(done.slice(3)).toEqual(['stop b', 'stop a'])
  running.replace(workerOf('c', done))
  expect(done).toHaveLength(5)
  release()
  expect(failures).toEqual([])
})

test('a worker that has ended is forgotten, and a failure of its end is told', async () => {
  const done: string[] = []
  const failures: unknown[] = []
  const failed = Promise.reject(new Error('it broke'))
  const running = new RunningWorker(workerOf('a', done, failed), (error) => failures.push(error))
  running.replace(workerOf('b', done))
  await new Promise((resolve) => setImmediate(resolve))
  expect(failures).toEqual([new Error('it broke')])
  expect(running.slowRuns()).toEqual(new Map([['p', 1]]))
})

import { expect, test } from 'vitest'
import type { Event } from '../../../../src/domain/event.ts'
import type { Handler } from '../../../../src/pipeline/handler.ts'
import { ALL, openTestStore, storeFor, workerWith } from '../../../support/worker.ts'

test('a pipeline that feeds itself is stopped after max_generations, with a dead letter', async () => {
  let commits = 0
  /** Makes an event like the first one. */
  class Feeding implements Handler {
    handleEvents(events: readonly Event[]): readonly Event[] {
      const [first] = events as [Event]
      return [...events, { ...first, messageId: `${first.messageId}+` }]
    }
    commit() {
      commits++
    }
    rollback() {}
  }
  const store = await openTestStore()
  await storeFor(store, ['h'])
  const { worker, clock } = workerWith(store, Feeding, { maxGenerations: 4 })
  while ((await worker.pass('fire')) > 0) clock.set(clock.now() + 1)
  const streams = await store.listStreams({}, ALL)
  expect(streams.map(({ state, generation }) => [state, generation])).toEqual([
    ['completed', 0],
    ['completed', 1],
    ['completed', 2],
    ['completed', 3],
    ['error', 4],
  ])
  expect(streams.at(-1)?.lastError).toBe(
    'its new event x would feed a stream, after 4 pipelines in a row (max_generations)',
  )
  expect(await store.listDeadLetters({}, ALL)).toMatchObject([{ stage: 'pipeline' }])
  // The last one has had no effects.
  expect(commits).toBe(4)
})

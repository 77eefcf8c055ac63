import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { archivedIds } from '../support/archived-ids.ts'
import { temporaryFolder } from '../support/folders.ts'
import { recordedSample, simulatedDay, writeLines } from '../support/notifications.ts'
import { expectSameStreams, referenceStreams, streamFacts } from '../support/reference.ts'
import { deleteQueue, deployShipped } from '../support/servers/deploy.ts'

test('recorded notifications give the same streams as one after the other, and the second time nothing', async () => {
  const folder = temporaryFolder()
  const lines = recordedSample()
  const file = writeLines(folder, 'sample.jsonl', lines)
  const deployment = await deployShipped(folder, 'e2e.sample')
  try {
    await deployment.publish(file)
    await deployment.settled(lines.length)
    const expected = await referenceStreams(lines)
    expect(expected.some(({ state }) => state === 'completed')).toBe(true)
    const streams = await streamFacts(deployment.store)
    expectSameStreams(streams, expected)

    const results = await deployment.countResults()
    expect(results).toBeGreaterThan(0)
    await deployment.publish(file)
    await deployment.settled(lines.length)
    await delay(1000)
    expect(await deployment.countIncoming()).toBe(lines.length)
    expect(await deployment.countResults()).toBe(results)
    expect(await streamFacts(deployment.store)).toEqual(streams)
    expect(
      await deployment.store.listDeadLetters({}, { limit: 10, mark: undefined, ascending: false }),
    ).toEqual([])
  } finally {
    expect(await deployment.stop()).toEqual([0, 0, 0, 0])
    await deleteQueue('e2e.sample')
  }
  expect(archivedIds(join(folder, 'archive')).sort()).toEqual(
    [...lines, ...lines].map((line) => JSON.parse(line).message_id).sort(),
  )
})

test('kill -9 of consumers and workers loses and repeats nothing', async () => {
  const folder = temporaryFolder()
  const lines = simulatedDay(5, 150, 60)
  const file = writeLines(folder, 'day.jsonl', lines)
  const deployment = await deployShipped(folder, 'e2e.kill')
  try {
    const publishing = deployment.publish(file)
    for (let round = 0; round < 4; round++) {
      await delay(500)
      await deployment.consumers.shift()?.stop('SIGKILL')
      await deployment.workers.shift()?.stop('SIGKILL')
      deployment.startConsumer()
      deployment.startWorker()
    }
    await publishing
    await deployment.settled(lines.length)

    const ids = lines.map((line) => JSON.parse(line).message_id)
    expect(await deployment.countIncoming()).toBe(new Set(ids).size)
    expect(new Set(archivedIds(join(folder, 'archive')))).toEqual(new Set(ids))
    const streams = await deployment.allStreams()
    const members = await deployment.store.eventsOfStreams(streams.map(({ id }) => id))
    const joined = [...members.values()].flat().map(({ messageId }) => messageId)
    expect(joined.length).toBe(new Set(joined).size)
    for (const stream of streams) expect(members.get(stream.id)).toHaveLength(stream.eventCount)
    expect(streams.filter(({ lastError }) => lastError !== null)).toEqual([])
    expect(streams.some(({ state }) => state === 'completed')).toBe(true)
  } finally {
    await deployment.stop()
    await deleteQueue('e2e.kill')
  }
  const left = readdirSync(join(folder, 'archive')).filter((name) => name.endsWith('.part'))
  // Those of the processes that were killed last: the next start completes them.
  expect(left.length).toBeLessThanOrEqual(4)
  expect(existsSync(join(folder, 'archive', 'done'))).toBe(true)
})

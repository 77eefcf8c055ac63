import { setTimeout as delay } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { formatIso, MICROS_PER_DAY, MICROS_PER_SECOND } from '../../src/domain/time.ts'
import { describe as describeRun } from '../../src/notigen/description.ts'
import type { SimulationOptions } from '../../src/notigen/simulation.ts'
import { at } from '../support/events.ts'
import { temporaryFolder } from '../support/folders.ts'
import { writeLines } from '../support/notifications.ts'
import { deleteQueue, deployShipped } from '../support/servers/deploy.ts'
import { flagsOf } from '../support/servers/simulated-deployment.ts'
import { byDay, streamsOf } from '../support/shipped-run.ts'
import { until } from '../support/until.ts'

const RUN = {
  seed: 4,
  start: at('2026-01-01T00:00:00'),
  end: at('2026-01-03T12:00:00'),
  instances: 60,
  operationsPerHour: 15,
} satisfies SimulationOptions

/** An instance of now: created, and told of by an exists at the end of a minute that has just passed. */
function instanceOfNow(id: string): string[] {
  const now = Date.now() * 1000
  const payload = {
    instance_id: id,
    tenant_id: 't1',
    state: 'active',
    instance_flavor_id: '2',
    image_meta: {},
  }
  const message = (name: string, event_type: string, more: object) =>
    JSON.stringify({
      event_type,
      message_id: `${id}-${name}`,
      timestamp: formatIso(now, 'six'),
      publisher_id: 'compute.h1',
      payload: { ...payload, ...more },
    })
  return [message('1', 'compute.instance.update', {})]
}

test('a recorded file that is published at full speed into a running system makes the streams of its days', async () => {
  const folder = temporaryFolder()
  const described = describeRun(RUN)
  const deployment = await deployShipped(folder, 'e2e.auto', { clock: 'auto' })
  try {
    // What is running by the wall clock goes on, and a notification of today among old ones tears nothing.
    await deployment.publish(writeLines(folder, 'now.jsonl', instanceOfNow('today-1')))
    await until('the first event', async () => (await deployment.countIncoming()) === 1)
    const generating = deployment.generate(flagsOf(RUN))
    for (const id of ['today-2', 'today-3']) {
      await delay(500)
      await deployment.publish(writeLines(folder, `${id}.jsonl`, instanceOfNow(id)))
    }
    await generating
    await deployment.settled(described.events + 3)
    await until(
      'old streams to be completed',
      async () =>
        (await deployment.allStreams()).every(
          ({ state, lastEvent }) => state === 'completed' || lastEvent > RUN.end + MICROS_PER_DAY,
        ),
      120_000,
    )
    const streams = await deployment.allStreams()
    const ofNow = streams.filter(({ lastEvent }) => lastEvent > RUN.end + MICROS_PER_DAY)
    expect(ofNow.map(({ state, eventCount }) => [state, eventCount])).toEqual([
      ['active', 1],
      ['active', 1],
      ['active', 1],
    ])
    for (const { id } of ofNow) await deployment.store.deleteStream(id)
    expect(byDay(await streamsOf(deployment.store))).toEqual(byDay(described.expected))
  } finally {
    expect(await deployment.stop()).toEqual([0, 0, 0, 0])
    await deleteQueue('e2e.auto')
  }
})

test('a stream that is due fires though nothing comes any more, with consumers that idle', async () => {
  const folder = temporaryFolder()
  const deployment = await deployShipped(folder, 'e2e.idle', {
    clock: 'auto',
    changes: [[/fire_delay: \d+/g, 'fire_delay: 3']],
  })
  try {
    const [line = ''] = instanceOfNow('i1')
    const exists = {
      ...JSON.parse(line),
      event_type: 'compute.instance.exists',
      message_id: 'exists',
      payload: {
        ...JSON.parse(line).payload,
        audit_period_beginning: `${formatIso(Date.now() * 1000 - MICROS_PER_DAY).slice(0, 10)} 00:00:00`,
        audit_period_ending: `${formatIso(Date.now() * 1000).slice(0, 10)} 00:00:00`,
      },
    }
    await deployment.publish(writeLines(folder, 'exists.jsonl', [JSON.stringify(exists)]))
    let due = Number.NaN
    await until('the stream to be ready', async () => {
      const [stream] = await deployment.allStreams()
      due = stream?.fireTimestamp ?? Number.NaN
      return !Number.isNaN(due)
    })
    await until(
      'the stream to be completed',
      async () => (await deployment.allStreams())[0]?.state === 'completed',
      Math.max(0, due / 1000 - Date.now()) + 120_000,
    )
    // It did not fire before, and the clock did not wait for anything.
    expect(Date.now() * 1000).toBeGreaterThan(due)
    expect(Date.now() * 1000 - due).toBeLessThan(60 * MICROS_PER_SECOND)
  } finally {
    expect(await deployment.stop()).toEqual([0, 0, 0, 0])
    await deleteQueue('e2e.idle')
  }
})

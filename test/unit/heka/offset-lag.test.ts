import { expect, onTestFinished, test } from 'vitest'
import { createMemoryBroker } from '../../../src/broker/memory/memory-broker.ts'
import { OffsetLag } from '../../../src/heka/stats/offset-lag.ts'
import { streamSpec } from '../../../src/heka/stream/stream-spec.ts'
import { until } from '../../support/until.ts'

test('the lag is what stands between what is done and the end of the stream', async () => {
  const broker = createMemoryBroker()
  onTestFinished(() => broker.close())
  const spec = streamSpec('logs', { streamMaxMegabytes: 0, streamMaxAge: '' })
  const publisher = await broker.openPublisher()
  await publisher.declare(spec)
  let next: number | undefined
  const lag = new OffsetLag({ broker, spec, next: () => next, everyMs: 20 })
  await lag.start()
  onTestFinished(() => lag.stop())
  expect(lag.messages).toBe(0)
  for (let count = 0; count < 10; count++)
    await publisher.publish({ exchange: '', routingKey: 'logs' }, Buffer.from('x'))
  next = 0
  await until('the end to be known', () => lag.messages > 0)
  const behind = lag.messages
  expect(behind).toBeLessThanOrEqual(10)
  next = 1
  expect(lag.messages).toBe(behind - 1)
  next = 10
  expect(lag.messages).toBe(0)
})

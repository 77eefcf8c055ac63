import { expect, test, vi } from 'vitest'
import type { Publisher } from '../../../src/broker/broker.ts'
import { keptPublisher } from '../../../src/broker/kept-publisher.ts'
import { createMemoryBroker } from '../../../src/broker/memory/memory-broker.ts'
import { TransientError } from '../../../src/domain/errors.ts'

/** Opens publishers of a broker in this process, and tells which of them were closed. */
function opening() {
  const broker = createMemoryBroker()
  const closed: Publisher[] = []
  const open = vi.fn(async () => {
    const publisher: Publisher = {
      ...(await broker.openPublisher()),
      close: async () => void closed.push(publisher),
    }
    return publisher
  })
  return { open, closed }
}

const away = () => Promise.reject(new TransientError('the broker is away'))

test('all who ask at once get the same one, and one is closed', async () => {
  const { open, closed } = opening()
  const kept = keptPublisher(open)
  const [one, other] = await Promise.all([kept.opened(), kept.opened()])
  expect([one === other, one === (await kept.opened()), open.mock.calls.length]).toEqual([true, true, 1])
  await kept.close()
  await kept.close()
  expect(closed).toEqual([one])
  expect(await kept.opened()).not.toBe(one)
})

test('one that is being opened is closed when it is there, and nobody waits for it', async () => {
  const { open, closed } = opening()
  const reached = Promise.withResolvers<void>()
  const kept = keptPublisher(open, () => reached.promise)
  const one = kept.opened()
  await kept.close()
  expect(closed).toEqual([])
  reached.resolve()
  const publisher = await one
  await Promise.resolve()
  expect(closed).toEqual([publisher])
})

test('what cannot be opened or prepared is not kept', async () => {
  const { open, closed } = opening()
  const prepare = vi.fn(async () => {}).mockImplementationOnce(away)
  const kept = keptPublisher(open.mockImplementationOnce(away), prepare)
  await expect(kept.opened()).rejects.toThrow('the broker is away')
  await expect(kept.opened()).rejects.toThrow('the broker is away')
  expect([prepare.mock.calls.length, closed.length]).toEqual([1, 1])
  await kept.opened()
  expect([prepare.mock.calls.length, closed.length]).toEqual([2, 1])
})

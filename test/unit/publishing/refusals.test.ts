import { expect, test } from 'vitest'
import { InvalidError, TransientError } from '../../../src/domain/errors.ts'
import { deliver } from '../../../src/publishing/deliver.ts'
import { openReceiver } from '../../../src/publishing/open-receiver.ts'
import { type Receiver, Trial, UntakenError } from '../../../src/publishing/receiver.ts'
import { silentLogger } from '../../../src/runtime/logger.ts'
import { createShared } from '../../../src/runtime/shared.ts'

const WAITS = { initialMs: 1, maxMs: 2, refusedAfter: 4 }

function context(waitsAlone?: () => void) {
  const stopping = new AbortController()
  return { stopping, signal: stopping.signal, waitsAlone }
}

const receiverOf = () => openReceiver({ logger: silentLogger, shared: createShared() }, 'r')

const untaken = () => new UntakenError('it answered 500')

/** Sends what is taken at once. */
const sendFine = (receiver: Receiver) => deliver(receiver, { attempt: async () => {} }, WAITS, context())

test('what is not taken while others are is refused after some tries, and says so before', async () => {
  const receiver = receiverOf()
  let [tries, told] = [0, 0]
  const attempt = async () => {
    tries++
    await sendFine(receiver)
    throw untaken()
  }
  const sending = deliver(
    receiver,
    { attempt },
    WAITS,
    context(() => told++),
  )
  await expect(sending).rejects.toThrow(new InvalidError('it answered 500 (4 times, while it took others)'))
  expect([tries, told]).toEqual([4, 1])
})

test.each([
  ['an error to everything', untaken],
  ['nothing', () => new TransientError('away')],
])('a receiver that answers %s is away, however often it is tried', async (_, error) => {
  const receiver = receiverOf()
  await sendFine(receiver)
  let tries = 0
  const attempt = async () => {
    if (++tries <= 100) throw error()
  }
  await Promise.all([1, 2, 3].map(() => deliver(receiver, { attempt }, WAITS, context())))
  expect(tries).toBe(103)
})

test('one that alone is not taken is told as no outage, however often others are taken in between', async () => {
  const lines: string[] = []
  const note = (_: object, line: string) => void lines.push(line)
  const told = { ...context(), logger: { info: note, warn: note } }
  const receiver = receiverOf()
  const attempt = async () => {
    await deliver(receiver, { attempt: async () => {} }, WAITS, told)
    throw untaken()
  }
  await expect(deliver(receiver, { attempt }, WAITS, told)).rejects.toThrow(InvalidError)
  expect(lines).toEqual([])
})

test.each([new TransientError('too many'), new UntakenError('unavailable', { isForLater: true })])(
  'that others are taken says nothing of one that is put off until later: %s',
  async (error) => {
    const receiver = receiverOf()
    let tries = 0
    const attempt = async () => {
      await sendFine(receiver)
      if (++tries <= 30) throw error
    }
    await deliver(receiver, { attempt }, WAITS, context())
    expect(tries).toBe(31)
  },
)

test('a receiver that went away after it had taken others refuses nothing', async () => {
  const receiver = receiverOf()
  const early = new Trial(receiver)
  early.failed(untaken())
  receiver.took()
  const late = [1, 2, 3].map(() => new Trial(receiver))
  for (const trial of late) trial.failed(untaken())
  for (let tries = 0; tries < 100; tries++) early.failed(untaken())
  expect([early.isPassedBy, early.failures]).toEqual([true, 0])
  receiver.took()
  early.failed(untaken())
  expect(early.failures).toBe(1)
})

test('several that are not taken are told to be halved, but not where the server is away', async () => {
  const receiver = receiverOf()
  let tries = 0
  const together = (error: () => Error) =>
    deliver(
      receiver,
      {
        attempt: async () => {
          if (++tries < 20) throw error()
        },
        count: 2,
      },
      { ...WAITS, splitAfter: 3 },
      context(),
    )
  await expect(together(untaken)).rejects.toThrow('it answered 500')
  expect(tries).toBe(3)
  await together(() => new TransientError('away'))
  expect(tries).toBe(20)
})

test('where nothing else can be sent, what was taken before tells; of several in a row none', async () => {
  const receiver = receiverOf()
  const isLone = () => true
  const send = (until: number) => {
    let tries = 0
    const attempt = async () => {
      if (++tries < until) throw untaken()
      return tries
    }
    return deliver(receiver, { attempt, isLone }, WAITS, context()).catch(() => 'refused')
  }
  expect(await send(50)).toBe(50)
  expect([await send(50), await send(50), await send(50)]).toEqual(['refused', 'refused', 50])
  expect(await send(50)).toBe('refused')
})

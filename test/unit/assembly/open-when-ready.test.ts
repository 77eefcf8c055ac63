import { expect, test } from 'vitest'
import { openWhenReady } from '../../../src/assembly/daemon.ts'
import { TransientError } from '../../../src/domain/errors.ts'
import { silentLogger } from '../../../src/runtime/logger.ts'
import { Outage } from '../../../src/runtime/outage.ts'

const outage = () => new Outage(silentLogger, 'it is back')

test('a signal ends the wait for a server that says nothing', async () => {
  const stopping = new AbortController()
  const opening = openWhenReady(() => new Promise<object>(() => {}), stopping.signal, outage())
  stopping.abort()
  expect(await opening).toBeUndefined()
})

test('what cannot be opened yet is tried again; other errors are passed on', async () => {
  let tries = 0
  const opened = { it: 'is open' }
  const open = async () => {
    if (++tries < 3) throw new TransientError('it is away')
    return opened
  }
  const { signal } = new AbortController()
  expect(await openWhenReady(open, signal, outage())).toBe(opened)
  await expect(openWhenReady(() => Promise.reject(new Error('no')), signal, outage())).rejects.toThrow('no')
})

import { expect, test } from 'vitest'
import type { QueueSettings } from '../../../src/config/load/yagi-settings.ts'
import { missingRights } from '../../../src/connection-check/check-permissions.ts'

const OWN: QueueSettings = {
  queue: 'own',
  bindings: [{ exchange: 'nova', routingKey: 'k' }],
  exchangeType: 'topic',
  durable: true,
  autoDelete: false,
  exchangeDurable: true,
  exchangeAutoDelete: false,
  passive: false,
  exchangePassive: true,
  maxMessages: undefined,
  apps: [],
  archive: undefined,
}
const THEIRS: QueueSettings = { ...OWN, queue: 'theirs', passive: true, bindings: [] }
const none = new Set<string>()

test('a queue of others needs to be read, and nothing else', () => {
  expect(missingRights({ configure: '', write: '', read: '^theirs$' }, [THEIRS], none)).toEqual([])
  expect(missingRights({ configure: '.*', write: '.*', read: '' }, [THEIRS], none)).toEqual([
    'read on theirs',
  ])
})

test('a queue of our own is made, written by its binding, and read with its exchanges', () => {
  const nothing = { configure: '^$', write: '^$', read: '^$' }
  expect(missingRights(nothing, [OWN], none)).toEqual([
    'configure on own',
    'write on own',
    'read on own',
    'read on nova',
  ])
  expect(missingRights({ ...nothing, write: 'ow', read: '.*' }, [OWN], new Set(['own']))).toEqual([])
  const made = { ...OWN, exchangePassive: false }
  expect(missingRights({ ...nothing, write: '.*', read: '.*' }, [made], new Set(['own']))).toEqual([
    'configure on nova',
  ])
})

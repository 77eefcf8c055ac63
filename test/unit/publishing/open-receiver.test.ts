import { expect, test } from 'vitest'
import { awayReceivers, openReceiver } from '../../../src/publishing/open-receiver.ts'
import { silentLogger } from '../../../src/runtime/logger.ts'
import { createShared } from '../../../src/runtime/shared.ts'

test('receivers that take nothing are told with their reason, once for all senders, until they take something', () => {
  const services = { logger: silentLogger, shared: createShared() }
  const [one, same, other] = ['a', 'a', 'b'].map((name) => openReceiver(services, name))
  expect(awayReceivers(services.shared)).toEqual([])
  one?.outage.failed('a: refused')
  same?.outage.failed('a: refused, full')
  other?.outage.failed('b: gone')
  expect(awayReceivers(services.shared)).toEqual(['a: refused, full', 'b: gone'])
  same?.outage.over()
  expect(awayReceivers(services.shared)).toEqual(['b: gone'])
})

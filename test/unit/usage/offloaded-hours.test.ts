import { expect, test } from 'vitest'
import type { Event } from '../../../src/domain/event.ts'
import { MICROS_PER_HOUR, MICROS_PER_MINUTE } from '../../../src/domain/time.ts'
import { CORE_FIELDS } from '../../../src/usage/core-fields.ts'
import { verifyByPracticalRules } from '../../../src/usage/practical/practical-rules.ts'
import { at } from '../../support/events.ts'

const DAY = at('2026-01-01T00:00:00')

function hour(number: number): Event {
  const [begin, end] = [DAY + number * MICROS_PER_HOUR, DAY + (number + 1) * MICROS_PER_HOUR]
  return event('exists', end + 5 * MICROS_PER_MINUTE, {
    state: { type: 'text', value: 'active' },
    launched_at: { type: 'datetime', value: DAY - MICROS_PER_HOUR },
    audit_period_beginning: { type: 'datetime', value: begin },
    audit_period_ending: { type: 'datetime', value: end },
  })
}

function event(name: string, timestamp: number, traits: Event['traits']): Event {
  return { messageId: `${name} ${timestamp}`, eventType: `compute.instance.${name}`, timestamp, traits }
}

/** Half an hour after a full one, on no host. */
function offloaded(number: number): Event {
  const state = { type: 'text', value: 'shelved_offloaded' } as const
  return event('shelve_offload.end', DAY + (number + 0.5) * MICROS_PER_HOUR, { state })
}

test.each([
  ['no hour is missing', [hour(7), hour(8)], []],
  ['hours are missing', [hour(7), hour(10)], ['U9']],
  ['hours are missing in which it was on no host', [hour(7), offloaded(8), hour(10)], []],
  ['hours are missing after it was on no host and on one again', [hour(7), offloaded(6), hour(10)], ['U9']],
  ['another gap than that', [hour(5), offloaded(6), hour(7), hour(9)], ['U9']],
])('%s', (_, events, expected) => {
  const inOrder = [...events].sort((a, b) => a.timestamp - b.timestamp)
  const { periods } = verifyByPracticalRules(inOrder, { coreFields: CORE_FIELDS, range: undefined })
  expect(periods?.faults.map(({ code }) => code)).toEqual(expected)
})

import type { Event } from '../../src/domain/event.ts'
import { type Micros, parseIso } from '../../src/domain/time.ts'
import type { Traits } from '../../src/domain/trait.ts'
import { createRouter, type TriggerRouter } from '../../src/streams/router.ts'
import { compileTriggers } from '../../src/streams/trigger.ts'
import type { TriggerConfig } from '../../src/streams/trigger-config.ts'

/** Parses an ISO time. Throws when it is none. */
export function at(text: string): Micros {
  const time = parseIso(text)
  if (time === undefined) throw new Error(`${text} is no time`)
  return time
}

let counter = 0

/** Creates an event from the fields that matter to the test. Message ids count up: m1, m2, … */
export function event(fields: Partial<Event> & { host?: string }): Event {
  const { host, traits, ...rest } = fields
  const text: Traits = host === undefined ? {} : { host: { type: 'text', value: host } }
  return {
    messageId: `m${++counter}`,
    eventType: 'test.event',
    timestamp: at('2026-01-01T00:00:00'),
    ...rest,
    traits: { ...text, ...traits },
  }
}

/** Creates a router of triggers. Throws when one of them has an error. */
export function routerOf(...configs: Partial<TriggerConfig>[]): TriggerRouter {
  const triggers = compileTriggers(
    configs.map((config) => ({
      name: 'trigger',
      distinguished_by: ['host'],
      match_criteria: [{ event_type: '*' }],
      fire_criteria: [{ event_type: '*.end' }],
      expiration: '$last + 1h',
      fire_pipeline: 'fire',
      ...config,
    })),
    (finding) => {
      if (finding.severity === 'error' && finding.code !== 'unknown-name') throw new Error(finding.message)
    },
  )
  return createRouter(triggers)
}

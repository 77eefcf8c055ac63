import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Trait, Traits } from '../../../src/domain/trait.ts'
import { matchTrigger } from '../../../src/streams/match.ts'
import { compileTriggers } from '../../../src/streams/trigger.ts'
import type { CriterionConfig, TraitCriterionConfig } from '../../../src/streams/trigger-config.ts'
import { event } from '../../support/events.ts'

const NAMES = ['a', 'b', 'timestamp', '__proto__', 'constructor']
const name = fc.constantFrom(...NAMES)
const micros = fc.integer({ min: -62_135_596_800_000_000, max: 253_402_300_799_000_000 })

const trait: fc.Arbitrary<Trait> = fc.oneof(
  fc.string({ unit: 'binary' }).map((value): Trait => ({ type: 'text', value })),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map((value): Trait => ({ type: 'int', value })),
  fc.double().map((value): Trait => ({ type: 'float', value })),
  micros.map((value): Trait => ({ type: 'datetime', value })),
)
const traits: fc.Arbitrary<Traits> = fc
  .array(fc.tuple(name, trait))
  .map((pairs) => Object.fromEntries(pairs) as Traits)

const timeText = fc.oneof(
  fc.string(),
  fc.constantFrom(
    'day',
    '$timestamp + 1mo',
    '$timestamp - 5000y',
    'day($a) to $b',
    'hour($b) + 3',
    '$nosuch',
    '$a @ 31d 2mo',
    '$a to $b + 1d',
    'year($a) - 1',
  ),
)
const comparison = fc.oneof(
  fc.string(),
  fc.constantFrom('> 5', '<= -1.5', '!= 0', '== 5', '= 9007199254740993'),
)

const traitCriterion: fc.Arbitrary<TraitCriterionConfig> = fc.oneof(
  fc.string(),
  fc.double(),
  fc.boolean(),
  comparison.map((int) => ({ int })),
  comparison.map((float) => ({ float })),
  fc.string().map((string) => ({ string })),
  timeText.map((datetime) => ({ datetime })),
)
const criterion: fc.Arbitrary<CriterionConfig> = fc.record(
  {
    event_type: fc.oneof(fc.string(), fc.array(fc.string(), { minLength: 1 })),
    timestamp: timeText,
    traits: fc.array(fc.tuple(name, traitCriterion)).map((pairs) => Object.fromEntries(pairs)),
    map_distinguished_by: fc.dictionary(name, name),
  },
  { requiredKeys: [] },
)
const distinguisher = fc.oneof(
  name,
  fc.tuple(name, timeText).map(([key, expression]) => Object.fromEntries([[key, expression]])),
)

test('matching answers yes or why not, whatever the criteria and the event', () => {
  let matched = 0
  fc.assert(
    fc.property(
      fc.array(criterion, { maxLength: 3 }),
      fc.array(distinguisher, { maxLength: 2 }),
      fc.array(fc.tuple(traits, micros), { minLength: 1, maxLength: 5 }),
      (criteria, distinguishedBy, events) => {
        const [trigger] = compileTriggers(
          [
            {
              name: 't',
              distinguished_by: distinguishedBy,
              match_criteria: [...criteria, {}],
              fire_criteria: criteria,
              expiration: '$last + 1h',
              fire_pipeline: 'p',
            },
          ],
          () => {},
        )
        if (!trigger) return
        for (const [ofEvent, timestamp] of events) {
          const result = matchTrigger(trigger, trigger.matchCriteria, event({ traits: ofEvent, timestamp }))
          if (result.match) {
            matched++
            expect(result.key.hash).not.toBe('')
          } else expect(result.reason).not.toBe('')
        }
      },
    ),
    { numRuns: 2000 },
  )
  expect(matched).toBeGreaterThan(500)
})

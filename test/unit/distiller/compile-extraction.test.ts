import fc from 'fast-check'
import { expect, test } from 'vitest'
import { compileExtraction } from '../../../src/distiller/compile-extraction.ts'
import { compileDefinitions, type TraitDefinition } from '../../../src/distiller/definition.ts'
import type { TraitDefinitionConfig } from '../../../src/distiller/definition-config.ts'
import { extractTrait } from '../../../src/distiller/extract-trait.ts'
import { InvalidError } from '../../../src/domain/errors.ts'
import type { JsonObject, Notification } from '../../../src/domain/notification.ts'
import type { Trait } from '../../../src/domain/trait.ts'

function compiled(traits: { readonly [name: string]: TraitDefinitionConfig }): readonly TraitDefinition[] {
  const [definition] = compileDefinitions([{ event_type: '*', traits }], ({ message }) => {
    throw new Error(message)
  })
  return definition?.traits ?? []
}

function notificationOf(fields: JsonObject): Notification {
  return { event_type: 'x', message_id: 'm', ...fields } as Notification
}

/** What extractTrait makes of each, or the message of the first that fails. */
function oneByOne(traits: readonly TraitDefinition[], notification: Notification) {
  return attempt(() => {
    const found: { [name: string]: Trait } = {}
    for (const trait of traits) {
      const value = extractTrait(trait, notification)
      if (value !== undefined) found[trait.name] = value
    }
    return found
  })
}

function attempt(work: () => { [name: string]: Trait }) {
  try {
    return Object.entries(work())
  } catch (error) {
    if (error instanceof InvalidError) return error.message
    throw error
  }
}

const NAMES = [
  'payload',
  'a',
  'b',
  "nova_object.data'",
  'x"y',
  'constructor',
  'length',
  '0',
  'ü',
  '__proto__',
]
const PATHS = [
  'payload.a',
  'payload.a.b',
  'payload.b',
  'a',
  'payload."x\\"y"',
  "payload.'ü'",
  'payload.constructor',
  'payload.a.length',
  "payload.'0'",
  'payload[0]',
  'payload.a[-1].b',
  'payload.a.`len`',
  'payload.a.`split(/, -1, -1)`',
  'payload.a.`split(::, -1, -1)`',
  'payload.a.`split(/, 0, 1)`',
  'payload.(a|b)',
  'payload.*',
  'payload..b',
  '$.payload.a',
]

const value = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.constantFrom('', 'x', '7', '1/2::3', '2026-11-19T10:00:00', null, true, 0, -0, 2.5, 7n),
    fc.array(tie('value'), { maxLength: 2 }),
    fc.dictionary(fc.constantFrom(...NAMES), tie('value'), { maxKeys: 4 }),
  ),
})).value

const definition: fc.Arbitrary<TraitDefinitionConfig> = fc.record({
  fields: fc.array(fc.constantFrom(...PATHS), { minLength: 1, maxLength: 3 }),
  type: fc.constantFrom('text', 'int', 'float', 'datetime'),
})

test('compiled, traits are what they are one by one', () => {
  fc.assert(
    fc.property(
      fc.dictionary(fc.constantFrom('t', 'u"', "v'", 'w\\', 'length'), definition, { maxKeys: 5 }),
      fc.record({ payload: value, a: value }),
      (configs, fields) => {
        const traits = compiled(configs)
        const notification = notificationOf(fields as JsonObject)
        const extract = compileExtraction(traits)
        expect(attempt(() => extract(notification))).toEqual(oneByOne(traits, notification))
      },
    ),
    { numRuns: 3000 },
  )
})

test('a plugin is asked at its place among the others', () => {
  const traits = compiled({
    first: { fields: 'payload.a' },
    second: { fields: 'payload.a', plugin: { name: 'split', parameters: { separator: '/', segment: 1 } } },
    third: { fields: ['payload.nope', 'payload.a'] },
  })
  const notification = notificationOf({ payload: { a: 'x/y' } })
  expect(Object.entries(compileExtraction(traits)(notification))).toEqual([
    ['first', { type: 'text', value: 'x/y' }],
    ['second', { type: 'text', value: 'y' }],
    ['third', { type: 'text', value: 'x/y' }],
  ])
})

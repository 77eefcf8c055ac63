import { expect, test } from 'vitest'
import { eventDefinitionsSchema } from '../../../src/config/schemas/event-definitions-schema.ts'
import { textOf } from '../../../src/distiller/convert.ts'
import { decodeNotificationText } from '../../../src/distiller/decode-notification.ts'
import { compileDefinitions } from '../../../src/distiller/definition.ts'
import { createDistiller, type Distiller } from '../../../src/distiller/distiller.ts'
import type { JsonValue } from '../../../src/domain/notification.ts'
import { formatIso } from '../../../src/domain/time.ts'
import type { Trait } from '../../../src/domain/trait.ts'
import { stringifyJson } from '../../../src/text/json.ts'
import { loadVectors } from '../../support/vectors.ts'

type VectorTrait = { type: string; value: JsonValue }
type VectorEvent = {
  error?: string
  event_type: string
  message_id: string
  when: string
  traits: { [name: string]: VectorTrait }
}
type Case = {
  notification: { [key: string]: JsonValue }
  event: VectorEvent | null
  py3?: VectorEvent
  unstable_traits?: string[]
}
type Vector = {
  cat: string
  definitions: unknown
  catchall: boolean
  definition_error?: { error: string; detail: string }
  cases?: Case[]
}

const RECEIVED = 0
const vectors = loadVectors<Vector[]>('distiller.json')

function compile(vector: Vector): Distiller | string {
  const shape = eventDefinitionsSchema.safeParse(vector.definitions)
  if (!shape.success) return shape.error.message
  const faults: string[] = []
  const definitions = compileDefinitions(shape.data, ({ severity, message }) => {
    if (severity === 'error') faults.push(message)
  })
  return faults.length > 0 ? faults.join('; ') : createDistiller(definitions, { catchAll: vector.catchall })
}

function typedForm(trait: Trait): VectorTrait {
  const value = trait.type === 'datetime' ? formatIso(trait.value, 'six') : trait.value
  return { type: trait.type, value: typeof value === 'bigint' ? Number(value) : (value as JsonValue) }
}

function run(
  distiller: Distiller,
  notification: Case['notification'],
): VectorEvent | null | { error: string } {
  const decoded = decodeNotificationText(stringifyJson(notification))
  if (!decoded.ok) return { error: decoded.reason }
  const distilled = distiller.distil(decoded.notification, RECEIVED)
  if (distilled.kind === 'dropped') return null
  if (distilled.kind === 'failed') return { error: distilled.reason }
  const { event } = distilled
  return {
    event_type: event.eventType,
    message_id: event.messageId,
    when: event.timestamp === RECEIVED ? '<now>' : formatIso(event.timestamp, 'six'),
    traits: Object.fromEntries(Object.entries(event.traits).map(([name, trait]) => [name, typedForm(trait)])),
  }
}

/** Text that Python printed of what is no text: ours is that of JavaScript. */
function isOurText(expected: VectorTrait, actual: VectorTrait | undefined): boolean {
  if (expected.type !== 'text' || actual?.type !== 'text') return false
  const pythonic = /^(\{|\[|-?\d)/
  return pythonic.test(String(expected.value)) && pythonic.test(String(actual.value))
}

/** Where the original stopped at a blank, the next field is tried for traits of other types than text. */
function isPastBlank(expected: VectorTrait | undefined, actual: VectorTrait | undefined): boolean {
  return expected === undefined && actual !== undefined && actual.type !== 'text'
}

function compareTraits(
  expected: VectorEvent,
  actual: VectorEvent,
  { unstable, pastBlanks }: { readonly unstable: readonly string[]; readonly pastBlanks: boolean },
): void {
  const names = new Set([...Object.keys(expected.traits), ...Object.keys(actual.traits)])
  for (const name of names) {
    if (unstable.includes(name)) continue
    const [wanted, got] = [expected.traits[name], actual.traits[name]]
    if (wanted && isOurText(wanted, got)) continue
    if (pastBlanks && isPastBlank(wanted, got)) continue
    expect(got, name).toEqual(wanted)
  }
}

const cases = vectors.flatMap((vector, index) =>
  (vector.cases ?? []).map((one, at) => [`${index}.${at} ${vector.cat}`, vector, one] as const),
)

test.each(cases)('%s', (_, vector, one) => {
  const distiller = compile(vector)
  if (typeof distiller === 'string') throw new Error(distiller)
  const actual = run(distiller, one.notification)
  const expected = one.py3 ?? one.event
  if (vector.cat === 'when' && expected?.when === '<now>' && one.notification._context_timestamp) {
    // A timestamp that is null or empty falls back to that of the context.
    expect(actual).toMatchObject({ when: expect.not.stringContaining('now') })
    return
  }
  if (expected === null) return void expect(actual).toBeNull()
  if (vector.cat === 'envelope' && expected.error && actual && !('error' in actual)) {
    // An index into something that is no list finds nothing; the original crashed.
    expect(Array.isArray(one.notification.payload)).toBe(false)
    expect(actual.traits.all).toBeUndefined()
    return
  }
  if (expected.error) return void expect(actual).toMatchObject({ error: expect.any(String) })
  if (actual && 'error' in actual) {
    // Integers that 64 bits do not hold.
    expect(actual.error).toContain('64-bit')
    return
  }
  expect(actual).toMatchObject({
    event_type: expected.event_type,
    message_id: expected.message_id,
    when: expected.when,
  })
  compareTraits(expected, actual as VectorEvent, {
    unstable: one.unstable_traits ?? [],
    pastBlanks: vector.cat === 'fields-list' && JSON.stringify(one.notification).includes('""'),
  })
})

const broken = vectors.flatMap((vector, index) => (vector.definition_error ? [[index, vector] as const] : []))

test.each(broken)('%i: definitions that are refused', (_, vector) => {
  // Filters are Ceilometer's dialect and accepted here.
  const isFilter = JSON.stringify(vector.definitions).includes('[?(')
  expect(typeof compile(vector)).toBe(isFilter ? 'object' : 'string')
})

test('text of values is that of JavaScript, booleans that of Python', () => {
  expect([3, 1.5, true, ['a', 1], { a: null }].map((value) => textOf(value))).toEqual([
    '3',
    '1.5',
    'True',
    '["a",1]',
    '{"a":null}',
  ])
})

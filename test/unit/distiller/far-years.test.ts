import { expect, test } from 'vitest'
import { compileDefinitions } from '../../../src/distiller/definition.ts'
import { createDistiller } from '../../../src/distiller/distiller.ts'
import { restEvent } from '../../../src/formats/rest-form.ts'
import { parseTypedEvent, typedEvent } from '../../../src/formats/typed-form.ts'
import { decodeFarEvent, decodeTraits, encodeTraits } from '../../../src/store/trait-codec.ts'

const definitions = compileDefinitions(
  [{ event_type: '*', traits: { launched_at: { type: 'datetime', fields: 'payload.launched_at' } } }],
  ({ message }) => expect.unreachable(message),
  {},
)

test.each([
  '0001-01-01T00:00:00.000001',
  '1600-02-29T23:59:59.999997',
  '2026-11-30T00:00:00.123456',
  '5000-06-15T12:00:00.000001',
  '9999-12-31T23:59:59.999999',
])('%s keeps its microseconds', (text) => {
  const distiller = createDistiller(definitions, { catchAll: false })
  const distilled = distiller.distil(
    { event_type: 'a', message_id: 'm', timestamp: text, payload: { launched_at: text } },
    0,
  )
  if (distilled.kind !== 'event') expect.unreachable(distilled.kind)
  else {
    const { event } = distilled
    const time = { __type__: 'datetime', datetime: text }
    expect(restEvent(event)).toMatchObject({ timestamp: time, launched_at: time })
    expect(parseTypedEvent(typedEvent(event))).toEqual(event)
    const json = encodeTraits(event.traits, event.timestampRest)
    expect(decodeFarEvent(json)).toEqual({ traits: event.traits, timestampRest: event.timestampRest ?? 0 })
    if (!event.timestampRest) expect(decodeTraits(json)).toEqual(event.traits)
  }
})

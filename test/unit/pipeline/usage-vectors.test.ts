import { expect, test } from 'vitest'
import type { Event } from '../../../src/domain/event.ts'
import { parseTypedEvent, typedEvent } from '../../../src/formats/typed-form.ts'
import { createHandlerContext } from '../../../src/pipeline/handlers/handler-context.ts'
import { UsageHandler } from '../../../src/pipeline/handlers/usage-handler.ts'
import { silentLogger } from '../../../src/runtime/logger.ts'
import { loadVectors } from '../../support/vectors.ts'

type TypedFields = {
  event_type: string
  message_id?: string
  timestamp?: string
  traits: { [name: string]: { type: string; value: unknown } }
}
type Vector = { cat: string; stream_id: number; events: TypedFields[]; out?: TypedFields[]; raises?: string }

/** A second before this file was read: times have no finer parts there. */
const STARTED = Date.now() - 1000

const vectors = loadVectors<Vector[]>('usage.json')

function run(vector: Vector) {
  const events = vector.events.map(parseTypedEvent)
  const env: { streamId: number; streamName: string; usage_notifications?: unknown[] } = {
    streamId: vector.stream_id,
    streamName: 'usage',
  }
  const out = new UsageHandler({}, createHandlerContext(silentLogger)).handleEvents(
    events,
    env,
  ) as readonly Event[]
  expect(out.slice(0, events.length)).toEqual(events)
  expect(env.usage_notifications).toHaveLength(out.length - events.length)
  return out.slice(events.length).map(typedEvent)
}

test.each(vectors.map((vector, index) => [index, vector.cat, vector] as const))(
  '%i: %s',
  (_, cat, vector) => {
    const made = run(vector)
    if (vector.raises) {
      // The original crashed; a missing field is a conflict, a missing launched_at is U1.
      const codes = made.map(({ traits }) => (traits.error_code as { value?: unknown } | undefined)?.value)
      if (cat.startsWith('U2-missing') || cat === 'delete-field-missing') expect(codes).toContain('U2')
      if (cat === 'U4-no-launched') expect(codes).toContain('U1')
      expect(made.length).toBeGreaterThan(0)
      return
    }
    const expected = vector.out ?? []
    expect(made).toHaveLength(expected.length)
    for (const [index, wanted] of expected.entries()) {
      const { timestamp, message_id, ...rest } = wanted
      expect(made[index]).toMatchObject(rest)
      expect(Object.keys(made[index]?.traits ?? {}).sort()).toEqual(Object.keys(wanted.traits).sort())
      if (timestamp === '<now>') expect(Date.parse(`${made[index]?.timestamp}Z`)).toBeGreaterThan(STARTED)
      else expect(made[index]?.timestamp).toBe(timestamp)
      if (message_id !== '<uuid4>') expect(made[index]?.message_id).toBe(message_id)
    }
  },
)

test('what is published nests the traits of the event', () => {
  const vector = vectors.find(({ cat }) => cat === 'verified-eod') as Vector
  const env: { streamId: number; streamName: string; usage_notifications?: unknown[] } = {
    streamId: 5,
    streamName: 'usage',
  }
  new UsageHandler({}, createHandlerContext(silentLogger)).handleEvents(
    vector.events.map(parseTypedEvent),
    env,
  )
  expect(env.usage_notifications).toMatchObject([
    {
      event_type: 'compute.instance.exists.verified',
      publisher_id: 'stv3',
      stream_id: 5,
      payload: {
        bandwidth: { public: { bw_in: expect.any(Number), bw_out: expect.any(Number) } },
        image_meta: { 'org.openstack__1__architecture': expect.any(String) },
      },
    },
  ])
})

test('numbers agree by value, and are told as Python prints them', () => {
  const exists = vectors.find(({ cat }) => cat === 'verified-eod')?.events.at(-1) as TypedFields
  const operation = (flavor: number): TypedFields => ({
    ...exists,
    event_type: 'compute.instance.rebuild.end',
    message_id: 'b9f1c5a6-5d52-4d5e-8f2a-0d2a6a9f3b11',
    traits: { ...exists.traits, instance_flavor_id: { type: 'float', value: flavor } },
  })
  const flavored = { ...exists, traits: { ...exists.traits, instance_flavor_id: { type: 'int', value: 5 } } }
  const verdict = (flavor: number) =>
    run({ cat: '', stream_id: 1, events: [operation(flavor), flavored] }).at(-1)
  expect(verdict(5)?.event_type).toBe('compute.instance.exists.verified')
  expect(verdict(6)?.traits.error).toMatchObject({
    value: "Conflicting 'instance_flavor_id' values ('6.0' != '5')",
  })
})

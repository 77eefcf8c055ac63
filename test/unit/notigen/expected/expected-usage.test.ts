import { expect, test } from 'vitest'
import { parseIso } from '../../../../src/domain/time.ts'
import { expectedUsage } from '../../../../src/notigen/expected/expected-usage.ts'
import type { Fact } from '../../../../src/notigen/expected/fact.ts'
import type { VmState } from '../../../../src/notigen/operations/instance-states.ts'
import { loadVectors } from '../../../support/vectors.ts'

type Traits = { [name: string]: { type: string; value: unknown } }
type TypedEvent = { event_type: string; timestamp?: string; traits: Traits }
type Vector = { cat: string; events: TypedEvent[]; out?: TypedEvent[]; raises?: string }

const SYSTEM = ['os_architecture', 'os_version', 'os_distro']

function factOf({ event_type, timestamp, traits }: TypedEvent): Fact {
  const text = (name: string) => {
    const trait = traits[name]
    return trait?.value === null || trait?.value === '' ? undefined : (trait?.value as string | undefined)
  }
  const time = (name: string) => parseIso(text(name) ?? '')
  const [begin, end] = [time('audit_period_beginning'), time('audit_period_ending')]
  return {
    instanceId: text('instance_id') ?? '',
    eventType: event_type,
    at: parseIso(timestamp ?? '') ?? 0,
    requestId: text('request_id') ?? '',
    state: text('state') as VmState,
    task: undefined,
    oldState: undefined,
    launchedAt: time('launched_at'),
    deletedAt: time('deleted_at'),
    terminatedAt: time('terminated_at'),
    audit: begin !== undefined && end !== undefined ? { begin, end } : undefined,
    flavor: text('instance_flavor_id') ?? '',
    project: text('tenant_id') ?? '',
    system: JSON.stringify(SYSTEM.map((name) => text(name) ?? null)),
  }
}

function resultOf({ event_type, traits }: TypedEvent): string {
  if (event_type.endsWith('.verified')) return 'verified'
  return event_type.endsWith('.warnings') ? 'warning' : String(traits.error_code?.value)
}

const answered = loadVectors<Vector[]>('usage.json').filter(({ raises }) => !raises)

test.each(answered.map((vector, index) => [index, vector.cat, vector] as const))(
  'the simulator expects what was recorded, %i: %s',
  (_, _cat, { events, out = [] }) => {
    expect(expectedUsage(events.map(factOf))).toEqual(out.map(resultOf))
  },
)

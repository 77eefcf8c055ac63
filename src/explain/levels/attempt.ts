import type { Event } from '../../domain/event.ts'
import type { Micros } from '../../domain/time.ts'

/** The operations of instances whose times are measured. */
export const OPERATIONS = ['create', 'delete', 'resize', 'rebuild', 'snapshot'] as const
export type Operation = (typeof OPERATIONS)[number]

/** What an event tells of an operation. */
type Step = { readonly operation: Operation; readonly step: 'start' | 'end' | 'error' }

/** Event types of Nova, old-style and versioned, and the names of calls that failed. */
const TYPES: {
  readonly [operation in Operation]: { readonly [step in Step['step']]: readonly string[] }
} = {
  create: {
    start: ['compute.instance.create.start', 'instance.create.start'],
    end: ['compute.instance.create.end', 'instance.create.end'],
    error: ['compute.instance.create.error', 'instance.create.error', 'build_and_run_instance'],
  },
  delete: {
    start: ['compute.instance.delete.start', 'instance.delete.start'],
    end: ['compute.instance.delete.end', 'instance.delete.end'],
    error: [
      ...['compute.instance.delete.error', 'instance.delete.error'],
      ...['terminate_instance', 'delete_instance'],
    ],
  },
  resize: {
    start: ['compute.instance.resize.prep.start', 'instance.resize_prep.start'],
    end: ['compute.instance.finish_resize.end', 'instance.resize_finish.end'],
    error: [
      ...['compute.instance.resize.error', 'instance.resize.error'],
      ...['prep_resize', 'resize_instance', 'finish_resize'],
    ],
  },
  rebuild: {
    start: ['compute.instance.rebuild.start', 'instance.rebuild.start'],
    end: ['compute.instance.rebuild.end', 'instance.rebuild.end'],
    error: ['compute.instance.rebuild.error', 'instance.rebuild.error', 'rebuild_instance'],
  },
  snapshot: {
    start: ['compute.instance.snapshot.start', 'instance.snapshot.start'],
    end: ['compute.instance.snapshot.end', 'instance.snapshot.end'],
    error: ['compute.instance.snapshot.error', 'instance.snapshot.error', 'snapshot_instance'],
  },
}

const STEPS: ReadonlyMap<string, Step> = new Map(
  OPERATIONS.flatMap((operation) =>
    (['start', 'end', 'error'] as const).flatMap((step) =>
      TYPES[operation][step].map((type) => [type, { operation, step }] as const),
    ),
  ),
)

/** Event types that begin or end an operation. */
export const STEP_TYPES: readonly string[] = [...STEPS.keys()]

/** What is kept of an event that begins or ends an operation. */
export type StepEvent = Step & {
  readonly at: Micros
  readonly instance: string
  readonly request: string | undefined
  readonly region: string | undefined
  readonly host: string | undefined
  readonly flavour: string | undefined
}

/** One try of an operation on one host. A build that is tried again on another host is another attempt. */
export type Attempt = {
  readonly operation: Operation
  readonly at: Micros
  readonly outcome: 'done' | 'failed' | 'unfinished'
  /** from its start to its end; undefined for one that has not ended */
  readonly seconds: number | undefined
  readonly region: string | undefined
  readonly host: string | undefined
  readonly flavour: string | undefined
}

/** Returns what an event tells of an operation; undefined where it tells nothing, or of no instance. */
export function stepOf({ eventType, timestamp, traits }: Event): StepEvent | undefined {
  const step = STEPS.get(eventType)
  const text = (name: string) => {
    const trait = Object.hasOwn(traits, name) ? traits[name] : undefined
    return trait && trait.type !== 'none' ? String(trait.value) : undefined
  }
  const instance = text('instance_id')
  if (!step || instance === undefined) return undefined
  return {
    ...step,
    ...{ at: timestamp, instance, request: text('request_id') },
    region: text('region') ?? text('availability_zone'),
    host: text('host') ?? text('node'),
    flavour: text('instance_flavor') ?? text('instance_flavor_id'),
  }
}

/**
 * Pairs starts with their ends, in the order of time. An end or error belongs to the earliest open start of the same
 * instance and operation, of the same request where both name one; without such a start it tells of something that began
 * before, and is left out.
 */
export function attemptsOf(steps: readonly StepEvent[]): Attempt[] {
  const open = new Map<string, StepEvent[]>()
  const attempts: Attempt[] = []
  for (const step of steps.toSorted((a, b) => a.at - b.at)) {
    const key = `${step.operation} ${step.instance}`
    const starts = open.get(key) ?? []
    if (step.step === 'start') {
      open.set(key, [...starts, step])
      continue
    }
    const index = starts.findIndex(({ request }) => !request || !step.request || request === step.request)
    const start = starts[index]
    if (!start) continue
    open.set(key, starts.toSpliced(index, 1))
    attempts.push(attemptOf(start, step))
  }
  for (const start of [...open.values()].flat()) attempts.push(attemptOf(start))
  return attempts.sort((a, b) => a.at - b.at)
}

function attemptOf(start: StepEvent, end?: StepEvent): Attempt {
  const outcome = !end ? 'unfinished' : end.step === 'end' ? 'done' : 'failed'
  return {
    ...{ operation: start.operation, at: start.at, outcome },
    seconds: end && (end.at - start.at) / 1e6,
    region: start.region ?? end?.region,
    // The scheduler may have chosen the host after the start.
    host: start.host ?? end?.host,
    flavour: start.flavour ?? end?.flavour,
  }
}

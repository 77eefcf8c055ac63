import type { JsonObject } from '../domain/notification.ts'
import { MICROS_PER_DAY, MICROS_PER_HOUR, MICROS_PER_SECOND, type Micros } from '../domain/time.ts'
import { Agenda } from './agenda.ts'
import { createInstance, type Instance } from './instance.ts'
import { computeNotification } from './notification.ts'
import { OPERATIONS, type OperationName } from './operations.ts'
import { Random } from './random.ts'

export type SimulationOptions = {
  readonly seed: number
  readonly start: Micros
  /** first moment that is no longer simulated; undefined: for ever */
  readonly end: Micros | undefined
  /** instances that are there when it begins */
  readonly instances: number
  readonly operationsPerHour: number
}

export type Simulated = { readonly at: Micros; readonly notification: JsonObject }

type Plan =
  | { readonly kind: 'operation' }
  | {
      readonly kind: 'step'
      readonly instance: Instance
      readonly operation: OperationName
      readonly index: number
    }
  | { readonly kind: 'midnight' }
  | { readonly kind: 'exists'; readonly instance: Instance; readonly dayBegin: Micros }

/** Seconds after midnight within which the exists notifications of the day before are sent. */
const EXISTS_WITHIN_S = 600

const WEIGHTS = Object.fromEntries(
  Object.entries(OPERATIONS).map(([name, { weight }]) => [name, weight]),
) as { [name in OperationName]: number }

/**
 * A Nova cloud: operations on instances, interleaved, and for each instance of a day a
 * `compute.instance.exists` after its end. In order of time; the same options give the same notifications.
 */
export function* simulate(options: SimulationOptions): Generator<Simulated> {
  const cloud = new Cloud(options)
  for (;;) {
    const due = cloud.agenda.next()
    if (!due || (options.end !== undefined && due.at >= options.end)) return
    const notification = cloud.carryOut(due.item, due.at)
    if (notification) yield { at: due.at, notification }
  }
}

class Cloud {
  readonly agenda = new Agenda<Plan>()
  readonly #random: Random
  readonly #instances: Instance[] = []
  /** longest time between two operations, µs */
  readonly #longestPause: number

  constructor({ seed, start, instances, operationsPerHour }: SimulationOptions) {
    this.#random = new Random(seed)
    this.#longestPause = Math.round((2 * MICROS_PER_HOUR) / operationsPerHour)
    for (let count = 0; count < instances; count++) this.#instances.push(this.#oldInstance(start))
    this.agenda.add(start, { kind: 'operation' })
    this.agenda.add((Math.floor(start / MICROS_PER_DAY) + 1) * MICROS_PER_DAY, { kind: 'midnight' })
  }

  /** Does what is due, plans what follows, and answers what is sent. */
  carryOut(plan: Plan, at: Micros): JsonObject | undefined {
    switch (plan.kind) {
      case 'operation':
        this.#beginOperation(at)
        this.agenda.add(at + this.#random.int(1, this.#longestPause), plan)
        return undefined
      case 'step':
        return this.#takeStep(plan, at)
      case 'midnight':
        this.#planExists(at)
        this.agenda.add(at + MICROS_PER_DAY, plan)
        return undefined
      case 'exists':
        return this.#sendExists(plan, at)
    }
  }

  #oldInstance(start: Micros): Instance {
    const createdAt = start - this.#random.int(MICROS_PER_DAY, 90 * MICROS_PER_DAY)
    const instance = createInstance(this.#random, createdAt)
    instance.state = 'active'
    instance.task = ''
    instance.launchedAt = createdAt + this.#random.int(20, 120) * MICROS_PER_SECOND
    return instance
  }

  #beginOperation(at: Micros): void {
    const idle = this.#instances.filter(({ busy, state }) => !busy && state === 'active')
    const operation = idle.length === 0 ? 'create' : this.#random.weighted(WEIGHTS)
    const instance = operation === 'create' ? createInstance(this.#random, at) : this.#random.pick(idle)
    if (operation === 'create') this.#instances.push(instance)
    instance.busy = true
    this.#planStep(instance, operation, 0, at)
  }

  #planStep(instance: Instance, operation: OperationName, index: number, after: Micros): void {
    const step = OPERATIONS[operation].steps[index]
    if (!step) {
      instance.busy = false
      return
    }
    const [least, most] = step.afterS
    const at = after + this.#random.int(least * MICROS_PER_SECOND + 1, most * MICROS_PER_SECOND)
    this.agenda.add(at, { kind: 'step', instance, operation, index })
  }

  #takeStep({ instance, operation, index }: Plan & { kind: 'step' }, at: Micros): JsonObject | undefined {
    const step = OPERATIONS[operation].steps[index]
    if (!step) return undefined
    step.change?.(instance, at, this.#random)
    const notification = computeNotification(instance, step.eventType, at, this.#random)
    this.#planStep(instance, operation, index + 1, at)
    return notification
  }

  #planExists(midnight: Micros): void {
    const dayBegin = midnight - MICROS_PER_DAY
    for (const instance of this.#instances) {
      const at = midnight + this.#random.int(1, EXISTS_WITHIN_S * MICROS_PER_SECOND)
      if (instance.launchedAt !== undefined) this.agenda.add(at, { kind: 'exists', instance, dayBegin })
    }
    // What was deleted during the day is told of once more, then forgotten.
    const remaining = this.#instances.filter(({ state }) => state !== 'deleted')
    this.#instances.splice(0, this.#instances.length, ...remaining)
  }

  #sendExists({ instance, dayBegin }: Plan & { kind: 'exists' }, at: Micros): JsonObject {
    const audit = { begin: dayBegin, end: dayBegin + MICROS_PER_DAY }
    return computeNotification(instance, 'compute.instance.exists', at, this.#random, audit)
  }
}

import { MICROS_PER_DAY, MICROS_PER_HOUR, MICROS_PER_SECOND, type Micros } from '../domain/time.ts'
import { Agenda } from './agenda.ts'
import { applyChange } from './apply-change.ts'
import { continued, DELETE_END, emptyChapter } from './chapter.ts'
import { beginOfDay, endOfDay } from './day.ts'
import type { Instance } from './instance.ts'
import { INSTANCE_STATES, type Transition } from './instance-states.ts'
import { type AuditPeriod, auditNotice, type Notice, stepNotice } from './notice.ts'
import { EXISTS, type Operation, type Row, UPDATE } from './operations/operation.ts'
import { OPERATIONS, type OperationName } from './operations/operations.ts'
import { Population } from './population.ts'
import type { Random } from './random.ts'
import { type Request, userRequest } from './request.ts'
import type { UsageOrders } from './usage-orders.ts'

export type CloudOptions = {
  readonly start: Micros
  /** first moment that is no longer simulated; undefined: for ever */
  readonly end: Micros | undefined
  /** instances that are there when it begins */
  readonly instances: number
  readonly operationsPerHour: number
}

/** An operation that is under way. */
type Run = {
  readonly rows: readonly Row[]
  readonly instance: Instance | undefined
  request: Request
  readonly resourceId: string
}

type Plan =
  | { readonly kind: 'operation' }
  | { readonly kind: 'step'; readonly run: Run; readonly index: number }
  | { readonly kind: 'midnight' }
  | { readonly kind: 'exists'; readonly instance: Instance; readonly period: AuditPeriod }
  | { readonly kind: 'volume exists'; readonly instance: Instance; readonly period: AuditPeriod }
  | { readonly kind: 'needless exists'; readonly instance: Instance; readonly period: AuditPeriod }
  | { readonly kind: 'second deletion'; readonly run: Run }

/** Seconds after midnight within which the exists notifications of the day before are sent. */
const EXISTS_WITHIN_S = 600

type Choice = Operation & { readonly name: OperationName; readonly transition: Transition | undefined }

const CHOICES: readonly Choice[] = Object.entries<Operation>(OPERATIONS).map(([name, operation]) => ({
  ...operation,
  name: name as OperationName,
  transition: (INSTANCE_STATES as { readonly [name: string]: Transition })[name],
}))

/**
 * A Nova cloud and its neighbours: operations on instances, interleaved, and for each instance of a day a
 * `compute.instance.exists` after its end. The same random source gives the same story.
 */
export class Cloud {
  readonly #random: Random
  readonly #orders: UsageOrders
  readonly #onOperation: (name: OperationName) => void
  readonly #agenda = new Agenda<Plan>()
  readonly #population: Population
  readonly #end: Micros
  /** longest time between two operations, µs */
  readonly #longestPause: number

  constructor(
    { start, end, instances, operationsPerHour }: CloudOptions,
    random: Random,
    orders: UsageOrders,
    onOperation: (name: OperationName) => void,
  ) {
    this.#random = random
    this.#orders = orders
    this.#onOperation = onOperation
    this.#end = end ?? Number.POSITIVE_INFINITY
    this.#longestPause = Math.max(1, Math.round((2 * MICROS_PER_HOUR) / operationsPerHour))
    this.#population = new Population(instances, start, random)
    this.#agenda.add(start, { kind: 'operation' })
    this.#agenda.add(endOfDay(start), { kind: 'midnight' })
    this.#planNeedlessExists({ begin: start, end: endOfDay(start) })
  }

  /**
   * All that is told, in order of time. After the end nothing goes on, but the exists of days that are over are
   * still sent.
   */
  *notices(): Generator<Notice> {
    for (let due = this.#agenda.next(); due; due = this.#agenda.next()) {
      const notice = this.#isWithin(due.item, due.at) ? this.#carryOut(due.item, due.at) : undefined
      if (notice) yield notice
    }
  }

  #isWithin(plan: Plan, at: Micros): boolean {
    if (at < this.#end) return true
    if (plan.kind === 'midnight') return at === this.#end
    return (plan.kind === 'exists' || plan.kind === 'volume exists') && plan.period.end <= this.#end
  }

  #carryOut(plan: Plan, at: Micros): Notice | undefined {
    switch (plan.kind) {
      case 'operation':
        this.#beginOperation(at)
        this.#agenda.add(at + this.#random.int(1, this.#longestPause), plan)
        return undefined
      case 'step':
        return this.#takeStep(plan.run, plan.index, at)
      case 'midnight':
        this.#endDay({ begin: at - MICROS_PER_DAY, end: at })
        this.#agenda.add(at + MICROS_PER_DAY, plan)
        return undefined
      case 'exists':
        return this.#sendExists(plan.instance, plan.period, at)
      case 'volume exists':
        return auditNotice('volume.exists', plan.instance, plan.period, at, this.#random)
      case 'needless exists': {
        if (!this.#orders.warns(plan.instance, plan.period)) return undefined
        const audit = { begin: beginOfDay(at), end: at }
        return remembered(auditNotice(EXISTS, plan.instance, audit, at, this.#orders.random))
      }
      case 'second deletion':
        return remembered(stepNotice(plan.run, DELETE_END, at, this.#orders.random))
    }
  }

  #beginOperation(at: Micros): void {
    const choice = this.#random.weighted(CHOICES, ({ transition, weight }) =>
      Math.ceil(weight * (transition ? this.#population.easeOf(transition) : 1)),
    )
    if (!choice) return
    const { transition, rows, name, needs = {} } = choice
    const instance = transition && this.#population.take(transition, needs, at)
    if (transition && !instance) return
    this.#onOperation(name)
    const project = instance?.project ?? this.#population.someProject()
    const newId = this.#random.uuid()
    const resourceId = needs.volume === 'attached' ? (instance?.volume?.id ?? newId) : newId
    this.#planStep({ rows, instance, request: userRequest(project, at, this.#random), resourceId }, 0, at)
  }

  #planStep(run: Run, index: number, after: Micros): void {
    const row = run.rows[index]
    if (!row) {
      if (run.instance) this.#population.rest(run.instance)
      return
    }
    const [[least, most]] = row
    const pause = this.#random.int(
      Math.round(least * MICROS_PER_SECOND) + 1,
      Math.round(most * MICROS_PER_SECOND),
    )
    this.#agenda.add(after + pause, { kind: 'step', run, index })
  }

  #takeStep(run: Run, index: number, at: Micros): Notice {
    const [, eventType, change] = run.rows[index] as Row
    const { instance } = run
    if (change?.request) run.request = userRequest(run.request.project, at, this.#random)
    const before =
      instance && change && eventType === UPDATE ? { state: instance.state, task: instance.task } : undefined
    if (instance && change) {
      applyChange(instance, change, { ...run, at }, this.#population.images, this.#random)
    }
    const notice = remembered(stepNotice(run, eventType, at, this.#random, before))
    if (eventType === DELETE_END) this.#planSecondDeletion(run, at)
    this.#planStep(run, index + 1, at)
    return notice
  }

  /** Only where the exists of the day will be sent, which must find it. */
  #planSecondDeletion(run: Run, at: Micros): void {
    const midnight = endOfDay(at)
    if (run.instance?.launchedAt === undefined || midnight > this.#end) return
    const again = this.#orders.secondDeletion(at, midnight)
    if (again !== undefined) this.#agenda.add(again, { kind: 'second deletion', run })
  }

  #endDay(period: AuditPeriod): void {
    for (const instance of this.#population.today) {
      const copy = { ...instance }
      if (instance.launchedAt !== undefined) {
        this.#agenda.add(this.#auditTime(period), { kind: 'exists', instance: copy, period })
      }
      if (instance.volume !== undefined) {
        this.#agenda.add(this.#auditTime(period), { kind: 'volume exists', instance: copy, period })
      }
      instance.chapter = emptyChapter()
    }
    this.#population.endDay()
    this.#planNeedlessExists({ begin: period.end, end: period.end + MICROS_PER_DAY })
  }

  #auditTime({ end }: AuditPeriod): Micros {
    return end + this.#random.int(1, EXISTS_WITHIN_S * MICROS_PER_SECOND)
  }

  #planNeedlessExists(period: AuditPeriod): void {
    for (const instance of this.#population.today) {
      const at = this.#orders.needlessExists(period)
      if (at !== undefined) this.#agenda.add(at, { kind: 'needless exists', instance, period })
    }
  }

  #sendExists(instance: Instance, period: AuditPeriod, at: Micros): Notice | undefined {
    const telling = this.#orders.forExists(instance, period)
    // Its id is drawn all the same, so that an order changes nothing else of the story.
    const notice = auditNotice(EXISTS, telling ?? instance, period, at, this.#random)
    return telling && notice
  }
}

/** Keeps in mind what has been told of its instance today. */
function remembered(notice: Notice): Notice {
  const { instance, eventType } = notice
  if (instance) instance.chapter = continued(instance.chapter, eventType)
  return notice
}

import { MICROS_PER_HOUR, MICROS_PER_MINUTE, MICROS_PER_SECOND, type Micros } from '../../domain/time.ts'
import { Agenda } from '../calendar/agenda.ts'
import { type Audit, type AuditPeriod, auditPeriodAt, DAILY } from '../calendar/audit.ts'
import { beginOfDay, endOfDay } from '../calendar/day.ts'
import { isAudited, isUnchanged } from '../instance/audited.ts'
import { continued, DELETE_END, emptyChapter } from '../instance/chapter.ts'
import type { Instance } from '../instance/instance.ts'
import { type Notice, serviceNotice, stepNotice } from '../notices/notice.ts'
import { type Request, userRequest } from '../notices/request.ts'
import { INSTANCE_STATES, type Transition } from '../operations/instance-states.ts'
import { EXISTS, type Operation, type Row, UPDATE } from '../operations/operation.ts'
import { OPERATIONS, type OperationName } from '../operations/operations.ts'
import type { Random } from '../random.ts'
import type { UsageOrders } from '../trouble/usage-orders.ts'
import { applyChange } from './apply-change.ts'
import { Population } from './population.ts'

export type CloudOptions = {
  readonly start: Micros
  /** end of the simulation, exclusive; undefined: endless */
  readonly end: Micros | undefined
  /** number of instances at the start */
  readonly instances: number
  readonly operationsPerHour: number
  /** audit setting, default daily */
  readonly audit?: Audit
}

/** An operation in progress. */
type Run = {
  readonly rows: readonly Row[]
  readonly instance: Instance | undefined
  request: Request
  readonly resourceId: string
}

type Plan =
  | { readonly kind: 'operation' }
  | { readonly kind: 'step'; readonly run: Run; readonly index: number }
  | { readonly kind: 'period ends' }
  | {
      readonly kind: 'exists'
      readonly instance: Instance
      readonly atEnd: Instance
      readonly period: AuditPeriod
    }
  | { readonly kind: 'volume exists'; readonly instance: Instance; readonly period: AuditPeriod }
  | { readonly kind: 'needless exists'; readonly instance: Instance; readonly period: AuditPeriod }
  | { readonly kind: 'second deletion'; readonly run: Run }
  | { readonly kind: 'clean-up'; readonly instance: Instance }

/** Longest time between the end of an audit period and its exists notifications, µs. */
const EXISTS_WITHIN = 10 * MICROS_PER_MINUTE
/** Range of the time between a deletion and the clean-up by its host, µs. */
const CLEAN_UP_AFTER = [MICROS_PER_SECOND, 5 * MICROS_PER_MINUTE] as const

type Choice = Operation & { readonly name: OperationName; readonly transition: Transition | undefined }

const CHOICES: readonly Choice[] = Object.entries<Operation>(OPERATIONS).map(([name, operation]) => ({
  ...operation,
  name: name as OperationName,
  transition: (INSTANCE_STATES as { readonly [name: string]: Transition })[name],
}))

/**
 * A simulated Nova cloud and its neighbours: interleaved operations on instances, and after the end of each
 * audit period a `compute.instance.exists` for each instance of the period. The same random source gives the
 * same story.
 */
export class Cloud {
  readonly #random: Random
  readonly #orders: UsageOrders
  readonly #onOperation: (name: OperationName) => void
  readonly #agenda = new Agenda<Plan>()
  readonly #population: Population
  readonly #audit: Audit
  readonly #end: Micros
  /** longest pause between two operations, µs */
  readonly #longestPause: number

  constructor(
    { start, end, instances, operationsPerHour, audit = DAILY }: CloudOptions,
    random: Random,
    orders: UsageOrders,
    onOperation: (name: OperationName) => void,
  ) {
    this.#random = random
    this.#orders = orders
    this.#onOperation = onOperation
    this.#audit = audit
    this.#end = end ?? Number.POSITIVE_INFINITY
    this.#longestPause = Math.max(1, Math.round((2 * MICROS_PER_HOUR) / operationsPerHour))
    this.#population = new Population(instances, start, random)
    this.#agenda.add(start, { kind: 'operation' })
    this.#agenda.add(auditPeriodAt(audit, start).end, { kind: 'period ends' })
    this.#planNeedlessExists({ begin: start, end: this.#endOfDay(start) })
  }

  /**
   * Yields all notices in order of time. At the end everything stops, but the exists of finished audit
   * periods are still sent.
   */
  *notices(): Generator<Notice> {
    for (let due = this.#agenda.next(); due; due = this.#agenda.next()) {
      const notice = this.#isWithin(due.item, due.at) ? this.#carryOut(due.item, due.at) : undefined
      if (notice) yield notice
    }
  }

  #isWithin(plan: Plan, at: Micros): boolean {
    if (at < this.#end) return true
    if (plan.kind === 'period ends') return at === this.#end
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
      case 'period ends':
        this.#endPeriod(auditPeriodAt(this.#audit, at - 1))
        this.#agenda.add(auditPeriodAt(this.#audit, at).end, plan)
        return undefined
      case 'exists':
        return this.#sendExists(plan, at)
      case 'volume exists':
        return serviceNotice('volume.exists', plan.instance, plan.period, at, this.#random)
      case 'needless exists': {
        if (!this.#orders.warns(plan.instance, plan.period)) return undefined
        return remembered(
          serviceNotice(EXISTS, plan.instance, this.#periodUntil(at), at, this.#orders.random),
        )
      }
      case 'second deletion':
        return remembered(stepNotice(plan.run, DELETE_END, this.#periodUntil(at), this.#orders.random))
      case 'clean-up': {
        const before = { state: 'deleted', task: undefined } as const
        return serviceNotice(UPDATE, plan.instance, this.#periodUntil(at), at, this.#random, before)
      }
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
    const notice = remembered(stepNotice(run, eventType, this.#periodUntil(at), this.#random, before))
    if (eventType === DELETE_END) this.#planAfterDeletion(run, at)
    this.#planStep(run, index + 1, at)
    return notice
  }

  /**
   * Plans what follows a deletion: the clean-up by the host and perhaps a second deletion. A second deletion
   * is planned only where the day will have an exists that finds it.
   */
  #planAfterDeletion(run: Run, at: Micros): void {
    const { instance } = run
    if (!instance || instance.launchedAt === undefined || instance.host === undefined) return
    this.#agenda.add(at + this.#random.int(...CLEAN_UP_AFTER), { kind: 'clean-up', instance })
    const day = { begin: beginOfDay(at, this.#audit.dayBegins), end: this.#endOfDay(at) }
    if (day.end > this.#end || !isAudited(instance, day)) return
    const again = this.#orders.secondDeletion(instance, at, day.end)
    if (again !== undefined) this.#agenda.add(again, { kind: 'second deletion', run: { ...run } })
  }

  #endPeriod(period: AuditPeriod): void {
    for (const instance of this.#population.current) {
      const atEnd = { ...instance }
      if (instance.launchedAt !== undefined) {
        this.#agenda.add(this.#auditTime(period), { kind: 'exists', instance, atEnd, period })
      }
      if (instance.volume !== undefined) {
        this.#agenda.add(this.#auditTime(period), { kind: 'volume exists', instance: atEnd, period })
      }
    }
    this.#population.forgetDeleted()
    if (this.#endOfDay(period.begin) === period.end) this.#beginDay(period.end)
  }

  #beginDay(begin: Micros): void {
    for (const instance of this.#population.current) instance.chapter = emptyChapter()
    this.#planNeedlessExists({ begin, end: this.#endOfDay(begin) })
  }

  #auditTime({ end }: AuditPeriod): Micros {
    return end + this.#random.int(1, EXISTS_WITHIN)
  }

  /** Returns the elapsed part of the audit period. */
  #periodUntil(at: Micros): AuditPeriod {
    return { begin: auditPeriodAt(this.#audit, at).begin, end: at }
  }

  #endOfDay(at: Micros): Micros {
    return endOfDay(at, this.#audit.dayBegins)
  }

  #planNeedlessExists(period: AuditPeriod): void {
    for (const instance of this.#population.current) {
      const at = this.#orders.needlessExists(period)
      if (at !== undefined) this.#agenda.add(at, { kind: 'needless exists', instance, period })
    }
  }

  /**
   * Creates the exists of a period, with the state at the time of sending. Orders apply only if that is still
   * the state at the end of the period.
   */
  #sendExists({ instance, atEnd, period }: Plan & { kind: 'exists' }, at: Micros): Notice | undefined {
    if (!isAudited(instance, period)) return undefined
    const telling = isUnchanged(instance, atEnd) ? this.#orders.forExists(atEnd, period) : instance
    // The id is drawn in any case, so that an order changes nothing else of the story.
    const notice = serviceNotice(EXISTS, telling ?? instance, period, at, this.#random)
    return telling && notice
  }
}

/** Adds a notice to the chapter of its instance. */
function remembered(notice: Notice): Notice {
  const { instance, eventType, before } = notice
  if (!instance) return notice
  const { chapter, state, launchedAt } = instance
  instance.chapter = continued(chapter, { eventType, state, oldState: before?.state, launchedAt })
  return notice
}

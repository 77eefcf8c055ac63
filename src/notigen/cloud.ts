import { MICROS_PER_DAY, MICROS_PER_HOUR, MICROS_PER_SECOND, type Micros } from '../domain/time.ts'
import { Agenda } from './agenda.ts'
import { applyChange } from './apply-change.ts'
import { createImages, createProject, type Image, type Project } from './catalog.ts'
import { IdleInstances } from './idle-instances.ts'
import { createInstance, emptyChapter, type Instance, oldInstance } from './instance.ts'
import { INSTANCE_STATES, type Transition } from './instance-states.ts'
import type { AuditPeriod, Notice } from './notice.ts'
import { EXISTS, type Operation, type Row, UPDATE } from './operations/operation.ts'
import { OPERATIONS, type OperationName } from './operations/operations.ts'
import type { Random } from './random.ts'
import { type Request, serviceRequest, userRequest } from './request.ts'
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
  readonly request: Request
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
const PROJECTS = 25

/** The cloud stays about as large as it began; one that begins empty grows to the first. */
const LEAST_SIZE = 20
const MOST_GROWTH = 2

const DELETE_END = 'compute.instance.delete.end'
/** What an exists must agree with. */
const OPERATION_ENDS = new Set(
  ['rebuild.end', 'finish_resize.end', 'rescue.end'].map((name) => `compute.instance.${name}`),
)

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
  readonly #options: CloudOptions
  readonly #random: Random
  readonly #orders: UsageOrders
  readonly #onOperation: (name: OperationName) => void
  readonly #agenda = new Agenda<Plan>()
  readonly #instances = new Set<Instance>()
  /** those that are not deleted */
  #size = 0
  readonly #idle = new IdleInstances()
  readonly #projects: readonly Project[]
  readonly #images: readonly Image[]
  /** longest time between two operations, µs */
  readonly #longestPause: number

  constructor(
    options: CloudOptions,
    random: Random,
    orders: UsageOrders,
    onOperation: (name: OperationName) => void,
  ) {
    this.#options = options
    this.#random = random
    this.#orders = orders
    this.#onOperation = onOperation
    this.#projects = Array.from({ length: PROJECTS }, () => createProject(random))
    this.#images = createImages(random)
    this.#longestPause = Math.max(1, Math.round((2 * MICROS_PER_HOUR) / options.operationsPerHour))
    const { start } = options
    for (let count = 0; count < options.instances; count++) {
      const instance = oldInstance(random.pick(this.#projects), this.#images, start, random)
      this.#add(instance)
      this.#idle.add(instance)
    }
    this.#agenda.add(start, { kind: 'operation' })
    this.#agenda.add(dayOf(start).end, { kind: 'midnight' })
    this.#planNeedlessExists({ begin: start, end: dayOf(start).end })
  }

  /**
   * All that is told, in order of time. After the end nothing goes on, but the exists of days that are over are
   * still sent.
   */
  *notices(): Generator<Notice> {
    for (;;) {
      const due = this.#agenda.next()
      if (!due) return
      if (!this.#isWithin(due.item, due.at)) continue
      const notice = this.#carryOut(due.item, due.at)
      if (notice) yield notice
    }
  }

  #isWithin(plan: Plan, at: Micros): boolean {
    const { end } = this.#options
    if (end === undefined || at < end) return true
    if (plan.kind === 'midnight') return at === end
    return (plan.kind === 'exists' || plan.kind === 'volume exists') && plan.period.end <= end
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
        return serviceNotice('volume.exists', plan.instance, plan.period, at, this.#random)
      case 'needless exists': {
        if (!this.#orders.warns(plan.instance, plan.period)) return undefined
        const audit = { begin: dayOf(at).begin, end: at }
        return told(serviceNotice(EXISTS, plan.instance, audit, at, this.#orders.random))
      }
      case 'second deletion':
        return told(stepNotice(plan.run, DELETE_END, at, this.#orders.random))
    }
  }

  #beginOperation(at: Micros): void {
    const choice = this.#random.weighted(CHOICES, (each) => this.#weightOf(each))
    if (!choice) return
    const { transition, rows, name } = choice
    const instance = transition && this.#instanceFor(transition, choice.volume, at)
    if (transition && !instance) return
    this.#onOperation(name)
    const project = instance?.project ?? this.#random.pick(this.#projects)
    const resourceId = instance?.volume?.id ?? this.#random.uuid()
    this.#planStep({ rows, instance, request: userRequest(project, at, this.#random), resourceId }, 0, at)
  }

  /** What is not possible now weighs nothing; the larger the cloud has grown, the fewer instances are made. */
  #weightOf({ transition, weight }: Choice): number {
    if (transition === undefined) return weight
    if (transition.from.length > 0) return this.#idle.hasAny(transition.from) ? weight : 0
    const size = Math.max(LEAST_SIZE, this.#options.instances)
    const room = Math.max(0, MOST_GROWTH * size - this.#size)
    return Math.ceil((weight * room) / size)
  }

  #instanceFor({ from }: Transition, volume: Operation['volume'], at: Micros): Instance | undefined {
    if (from.length > 0) return this.#idle.take(from, volume, this.#random)
    const instance = createInstance(this.#random.pick(this.#projects), this.#images, at, this.#random)
    this.#add(instance)
    return instance
  }

  #add(instance: Instance): void {
    this.#instances.add(instance)
    this.#size++
  }

  #planStep(run: Run, index: number, after: Micros): void {
    const row = run.rows[index]
    if (!row) {
      if (run.instance) this.#rest(run.instance)
      return
    }
    const [[least, most]] = row
    const pause = this.#random.int(
      Math.round(least * MICROS_PER_SECOND) + 1,
      Math.round(most * MICROS_PER_SECOND),
    )
    this.#agenda.add(after + pause, { kind: 'step', run, index })
  }

  #rest(instance: Instance): void {
    if (instance.state === 'deleted') this.#size--
    else this.#idle.add(instance)
  }

  #takeStep(run: Run, index: number, at: Micros): Notice {
    const [, eventType, change] = run.rows[index] as Row
    const { instance, request, resourceId } = run
    const before =
      instance && change && eventType === UPDATE ? { state: instance.state, task: instance.task } : undefined
    if (instance && change)
      applyChange(instance, change, { at, request, resourceId }, this.#images, this.#random)
    const notice = told({ ...stepNotice(run, eventType, at, this.#random), before })
    if (eventType === DELETE_END && instance?.launchedAt !== undefined) {
      const again = this.#orders.secondDeletion(at, dayOf(at).end)
      if (again !== undefined) this.#agenda.add(again, { kind: 'second deletion', run })
    }
    this.#planStep(run, index + 1, at)
    return notice
  }

  #endDay(period: AuditPeriod): void {
    for (const instance of this.#instances) {
      if (instance.launchedAt !== undefined) {
        this.#agenda.add(this.#auditTime(period), { kind: 'exists', instance: { ...instance }, period })
      }
      if (instance.volume !== undefined) {
        this.#agenda.add(this.#auditTime(period), {
          kind: 'volume exists',
          instance: { ...instance },
          period,
        })
      }
      instance.chapter = emptyChapter()
      // What was deleted during the day is told of once more, then forgotten.
      if (instance.state === 'deleted') this.#instances.delete(instance)
    }
    this.#planNeedlessExists({ begin: period.end, end: period.end + MICROS_PER_DAY })
  }

  #auditTime({ end }: AuditPeriod): Micros {
    return end + this.#random.int(1, EXISTS_WITHIN_S * MICROS_PER_SECOND)
  }

  #planNeedlessExists(period: AuditPeriod): void {
    for (const instance of this.#instances) {
      const at = this.#orders.needlessExists(period)
      if (at !== undefined) this.#agenda.add(at, { kind: 'needless exists', instance, period })
    }
  }

  #sendExists(instance: Instance, period: AuditPeriod, at: Micros): Notice | undefined {
    const telling = this.#orders.forExists(instance, period)
    // Its id is drawn all the same, so that an order changes nothing else of the story.
    const notice = serviceNotice(EXISTS, telling ?? instance, period, at, this.#random)
    return telling && notice
  }
}

function stepNotice(run: Run, eventType: string, at: Micros, random: Random): Notice {
  const { instance, request, resourceId } = run
  const audit = eventType === EXISTS ? { begin: dayOf(at).begin, end: at } : undefined
  return { messageId: random.uuid(), eventType, at, request, instance, before: undefined, audit, resourceId }
}

/** What a service tells by itself. */
function serviceNotice(
  eventType: string,
  instance: Instance,
  audit: AuditPeriod,
  at: Micros,
  random: Random,
): Notice {
  return {
    messageId: random.uuid(),
    eventType,
    at,
    request: serviceRequest(at, random),
    instance,
    before: undefined,
    audit,
    resourceId: instance.volume?.id ?? instance.id,
  }
}

/** Keeps in mind what has been told of its instance today. */
function told(notice: Notice): Notice {
  const { instance, eventType } = notice
  if (!instance || !eventType.startsWith('compute.instance.')) return notice
  if (eventType === EXISTS) {
    instance.chapter = emptyChapter()
    return notice
  }
  const { chapter } = instance
  chapter.notifications++
  if (OPERATION_ENDS.has(eventType)) chapter.operations++
  if (eventType === DELETE_END) chapter.deletions++
  return notice
}

function dayOf(time: Micros): AuditPeriod {
  const begin = Math.floor(time / MICROS_PER_DAY) * MICROS_PER_DAY
  return { begin, end: begin + MICROS_PER_DAY }
}

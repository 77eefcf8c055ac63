import type { Micros } from '../domain/time.ts'
import { Agenda } from './calendar/agenda.ts'
import { DAILY } from './calendar/audit.ts'
import { endOfDay } from './calendar/day.ts'
import { Cloud, type CloudOptions } from './cloud/cloud.ts'
import { type Fact, factOf } from './expected/fact.ts'
import { encodeNotice, type Format, nameIn } from './format/format.ts'
import type { Notice } from './notices/notice.ts'
import type { OperationName } from './operations/operations.ts'
import { Random } from './random.ts'
import {
  breakBody,
  type MessageTrouble,
  type MessageTroubleShares,
  MessageTroubles,
} from './trouble/message-trouble.ts'
import { type UsageCode, UsageOrders, type UsageShares } from './trouble/usage-orders.ts'

export type SimulationOptions = CloudOptions & {
  readonly seed: number
  /** format of the messages, default `v1` */
  readonly format?: Format
  readonly trouble?: MessageTroubleShares & UsageShares
}

/** A message: its time of sending and its body. */
export type Simulated = { readonly at: Micros; readonly body: string }

/** Callbacks for the events of a simulation. */
export type Observer = {
  readonly onOperation?: (name: OperationName) => void
  readonly onOrdered?: (code: UsageCode) => void
  readonly onTrouble?: (kind: MessageTrouble) => void
  readonly onSent?: (sent: Sent) => void
}

/** A message that has been sent. */
export type Sent = Waiting & {
  /** time of sending */
  readonly at: Micros
}

type Waiting = {
  /** event type in the message's format */
  readonly eventType: string
  readonly body: string
  readonly instanceId: string | undefined
  /** undefined if the message belongs to no instance, is a copy or is malformed */
  readonly fact: Fact | undefined
  /** whether it is the second message with this id */
  readonly isCopy: boolean
  readonly trouble: MessageTrouble | undefined
}

/**
 * Simulates the notifications of a cloud, in the order in which they are sent. The same options give the same
 * messages on every machine.
 *
 * @example
 * const end = start + MICROS_PER_DAY
 * const options = { seed: 7, start, end, instances: 50, operationsPerHour: 20 }
 * for (const { at, body } of simulate(options)) write(at, body)
 */
export function simulate(options: SimulationOptions): Generator<Simulated> {
  return new Simulation(options, {}, encodeNotice).messages()
}

/** Runs a simulation without encoding its messages. The observer is called with what they would contain. */
export function rehearse(options: SimulationOptions, observer: Observer): void {
  for (const _ of new Simulation(options, observer, () => '').messages()) {
    // Only the observer's callbacks matter.
  }
}

type Encode = (notice: Notice, format: Format) => string

// Any constants will do: they separate the three random sources, so that trouble changes nothing else of
// the story.
const TROUBLE_SEED = 0x5f356495
const ORDER_SEED = 0x2c9277b5

class Simulation {
  readonly #format: Format
  readonly #dayBegins: Micros
  readonly #observer: Observer
  readonly #encode: Encode
  readonly #cloud: Cloud
  readonly #troubles: MessageTroubles
  /** messages that are sent later than their notice */
  readonly #delayed = new Agenda<Waiting>()
  /** messages that are held until the next message of their instance is sent, by instance id */
  readonly #held = new Map<string, Waiting>()

  constructor(options: SimulationOptions, observer: Observer, encode: Encode) {
    const { seed, format = 'v1', trouble = {}, audit = DAILY } = options
    this.#format = format
    this.#dayBegins = audit.dayBegins
    this.#observer = observer
    this.#encode = encode
    const orders = new UsageOrders(trouble, new Random(seed ^ ORDER_SEED), (code) =>
      observer.onOrdered?.(code),
    )
    this.#cloud = new Cloud(options, new Random(seed), orders, (name) => observer.onOperation?.(name))
    this.#troubles = new MessageTroubles(trouble, new Random(seed ^ TROUBLE_SEED), this.#dayBegins)
  }

  *messages(): Generator<Sent> {
    for (const notice of this.#cloud.notices()) {
      const eventType = nameIn(this.#format, notice.eventType)
      if (eventType === undefined) continue
      yield* this.#sendDelayed(notice.at)
      yield* this.#send(notice, eventType)
    }
    yield* this.#sendDelayed(Number.POSITIVE_INFINITY)
  }

  *#send(notice: Notice, eventType: string): Generator<Sent> {
    const { at, instance } = notice
    const trouble = this.#troubles.for(notice)
    const isHeldAlready = trouble === 'outOfOrder' && instance && this.#held.has(instance.id)
    if (trouble && !isHeldAlready) this.#observer.onTrouble?.(trouble)
    const told = trouble === 'contradictory' ? this.#troubles.contradict(notice) : notice
    const body = this.#encode(told, this.#format)
    const message = {
      eventType,
      body,
      instanceId: instance?.id,
      fact: factOf(told, this.#format),
      isCopy: false,
      trouble,
    }
    const copy = { ...message, fact: undefined, isCopy: true }
    switch (trouble) {
      case 'missing':
        return
      case 'late':
        this.#delayed.add(this.#troubles.lateAt(at), message)
        return
      case 'overdue':
        this.#delayed.add(this.#troubles.overdueAt(at), message)
        return
      case 'outOfOrder':
        if (isHeldAlready || !instance) break
        this.#held.set(instance.id, message)
        // Sent at the end of the day at the latest, before its stream can have fired.
        this.#delayed.add(endOfDay(at, this.#dayBegins), message)
        return
      case 'malformed':
        yield* this.#emit(
          { ...copy, body: breakBody(body, Number.parseInt(notice.messageId.slice(0, 2), 16)) },
          at,
        )
        return
      case 'duplicated':
        this.#delayed.add(this.#troubles.copyAt(at), copy)
        break
      case 'retimed': {
        const later = this.#troubles.copyAt(at)
        const retimed = this.#encode({ ...notice, at: later }, this.#format)
        this.#delayed.add(later, { ...copy, body: retimed })
      }
    }
    yield* this.#emit(message, at)
  }

  *#emit(message: Waiting, at: Micros): Generator<Sent> {
    yield this.#sentAt(message, at)
    const held = message.instanceId === undefined ? undefined : this.#held.get(message.instanceId)
    if (!held) return
    this.#held.delete(held.instanceId as string)
    yield this.#sentAt(held, at)
  }

  *#sendDelayed(until: Micros): Generator<Sent> {
    for (let next = this.#delayed.takeUntil(until); next; next = this.#delayed.takeUntil(until)) {
      const { at, item } = next
      if (item.trouble !== 'outOfOrder') yield* this.#emit(item, at)
      else if (item.instanceId !== undefined && this.#held.get(item.instanceId) === item) {
        this.#held.delete(item.instanceId)
        yield this.#sentAt(item, at)
      }
    }
  }

  #sentAt(message: Waiting, at: Micros): Sent {
    const sent = { ...message, at }
    this.#observer.onSent?.(sent)
    return sent
  }
}

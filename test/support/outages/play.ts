import { setTimeout as delay } from 'node:timers/promises'
import { MICROS_PER_MINUTE, MICROS_PER_SECOND, type Micros } from '../../../src/domain/time.ts'
import { type SimulationOptions, simulate } from '../../../src/notigen/simulation.ts'
import { writeLines } from '../notifications.ts'
import type { MovedSystem, QueueNumber } from './moved-system.ts'

/** A message, when it is sent, and to which queue. */
export type Message = { readonly at: Micros; readonly body: string; readonly queue: QueueNumber }

/** What is down, and when: days in which the clock goes on. */
export type Outage = {
  readonly from: Micros
  readonly to: Micros
  /** queues that are read meanwhile: their messages are taken as they come */
  readonly read: readonly QueueNumber[]
  /** how long it lasts on the clock of the machine, ms, for what does not go by the wall clock */
  readonly restMs: number
  begin(system: MovedSystem): Promise<void>
  end(system: MovedSystem): Promise<void>
}

/** Messages that come within so long are published together: all of them are still of now. */
const TOGETHER = 30 * MICROS_PER_SECOND

/** Returns the messages of a simulated cloud, whose instances are divided among the queues. */
export function messagesOf(options: SimulationOptions, queues: number): Message[] {
  return [...simulate(options)].map(({ at, body }) => {
    const instance = /"instance_id": ?"([0-9a-f])/.exec(body)?.[1] ?? '0'
    return { at, body, queue: Number.parseInt(instance, 16) % queues }
  })
}

/** Returns how many messages become an event or a dead letter: all but second copies. */
function countOnce(messages: readonly Message[]): number {
  return new Set(messages.map(({ body }) => idOf(body) ?? body)).size
}

function idOf(body: string): string | undefined {
  try {
    const { message_id, event_type } = JSON.parse(body)
    return event_type === undefined ? undefined : message_id
  } catch {
    return undefined
  }
}

/** After so long a stream that is due counts as such. */
const DUE_SINCE = 2 * MICROS_PER_SECOND

/** Plays messages as they come, with an outage if there is one, and lets every stream end. */
export class Play {
  readonly #system: MovedSystem
  readonly #sent: Message[] = []

  constructor(system: MovedSystem) {
    this.#system = system
  }

  /** Publishes each message when its time has come, and lets the system keep up with it. */
  async live(messages: readonly Message[]): Promise<void> {
    for (const group of together(messages)) {
      await this.passUntil((group.at(-1) as Message).at)
      await this.#publish(group)
      await this.#system.taken(countOnce(this.#sent))
    }
  }

  /** Plays messages while something is down, which comes back when all are sent; then lets the system catch up. */
  async down(messages: readonly Message[], outage: Outage): Promise<void> {
    await this.passUntil(outage.from)
    await outage.begin(this.#system)
    const isRead = ({ queue }: Message) => outage.read.includes(queue)
    const taken = [...this.#sent]
    const groups = [...together(messages)]
    for (const [index, group] of groups.entries()) {
      this.#system.moveTo((group.at(-1) as Message).at)
      await this.#publish(group)
      taken.push(...group.filter(isRead))
      if (group.some(isRead)) await this.#system.taken(countOnce(taken))
      if (index === Math.floor(groups.length / 2)) await delay(outage.restMs)
    }
    this.#system.moveTo(outage.to)
    await outage.end(this.#system)
    await this.caughtUp()
  }

  /** Publishes messages as files, at full speed; those that a file of notifications cannot hold by themselves. */
  async recorded(messages: readonly Message[]): Promise<void> {
    const { readable = [], malformed = [] } = Object.groupBy(messages, ({ body }) =>
      idOf(body) === undefined ? 'malformed' : 'readable',
    )
    const files = [...Map.groupBy(readable, ({ queue }) => queue)].map(([queue, of]) => {
      const bodies = of.map(({ body }) => body)
      return { queue, file: writeLines(this.#system.folder, `recorded-${queue}.jsonl`, bodies) }
    })
    this.#sent.push(...readable)
    await this.#publish(malformed)
    await Promise.all(files.map(({ queue, file }) => this.#system.publishFile(queue, file)))
  }

  /** Publishes messages one after the other, each at its time, while a backlog is published. */
  async during(messages: readonly Message[], backlog: Promise<void>): Promise<void> {
    for (const message of messages) {
      this.#system.moveTo(message.at)
      await this.#publish([message])
    }
    await backlog
    await this.caughtUp()
  }

  async caughtUp(): Promise<void> {
    await this.#system.taken(countOnce(this.#sent))
    await this.#system.settled()
  }

  /** Lets time pass; workers run each stream when it is due. */
  async passUntil(time: Micros): Promise<void> {
    for (;;) {
      const due = (await this.#system.dueTimes()).first + DUE_SINCE
      if (due >= time) break
      this.#system.moveTo(Math.min(due + MICROS_PER_MINUTE / 2, time))
      await this.#system.settled()
    }
    this.#system.moveTo(time)
  }

  /** Lets all streams end, at once: no event joins them any more. */
  async end(): Promise<void> {
    for (;;) {
      const { last } = await this.#system.dueTimes()
      if (last === Number.POSITIVE_INFINITY) return
      this.#system.moveTo(last + DUE_SINCE)
      await this.#system.settled()
    }
  }

  async #publish(messages: readonly Message[]): Promise<void> {
    this.#sent.push(...messages)
    for (const [queue, of] of Map.groupBy(messages, ({ queue }) => queue)) {
      await this.#system.publish(
        queue,
        of.map(({ body }) => body),
      )
    }
  }
}

function* together(messages: readonly Message[]): Generator<Message[]> {
  let group: Message[] = []
  for (const message of messages) {
    const [first] = group
    if (first && message.at - first.at > TOGETHER) {
      yield group
      group = []
    }
    group.push(message)
  }
  if (group.length > 0) yield group
}

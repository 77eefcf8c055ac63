import { MICROS_PER_HOUR, MICROS_PER_MINUTE, MICROS_PER_SECOND, type Micros } from '../../domain/time.ts'
import { endOfDay } from '../calendar/day.ts'
import { FLAVORS } from '../instance/catalog.ts'
import type { Notice } from '../notices/notice.ts'
import { EXISTS } from '../operations/operation.ts'
import type { Random } from '../random.ts'

/** Kinds of trouble that a message may have on its way, each with its meaning. */
export const MESSAGE_TROUBLES = {
  missing: 'never sent',
  late: 'sent up to an hour after its time',
  overdue: 'sent hours after the exists of its day, which by then has fired its stream',
  outOfOrder: 'sent after the next one of its instance',
  duplicated: 'sent twice, the same bytes',
  retimed: 'sent a second time under the same id, with another time',
  contradictory: 'has another flavor and system than the other messages of its instance',
  malformed: 'cut off, wrapped in a list, or without id or event type',
} as const

export type MessageTrouble = keyof typeof MESSAGE_TROUBLES

/** Share of all messages, 0 to 1, for each kind of trouble. */
export type MessageTroubleShares = { readonly [kind in MessageTrouble]?: number }

/** Notices for which a kind of trouble would not have the meaning above; it is skipped for them. */
const PASSED_OVER: { readonly [kind in MessageTrouble]?: (notice: Notice) => boolean } = {
  overdue: isExistsOrUnbound,
  outOfOrder: isExistsOrUnbound,
  contradictory: ({ eventType }) => !eventType.startsWith('compute.instance.'),
}

function isExistsOrUnbound({ eventType, instance }: Notice): boolean {
  return !instance || eventType === EXISTS
}

const OVERDUE_AFTER = 2 * MICROS_PER_HOUR
const OVERDUE_WITHIN = 12 * MICROS_PER_HOUR
const COPY_WITHIN = 30 * MICROS_PER_SECOND

/** Draws the trouble of each message at random. */
export class MessageTroubles {
  readonly #kinds: readonly (readonly [MessageTrouble, number])[]
  readonly #random: Random
  readonly #dayBegins: Micros

  constructor(shares: MessageTroubleShares, random: Random, dayBegins: Micros) {
    this.#kinds = (Object.keys(MESSAGE_TROUBLES) as MessageTrouble[])
      .map((kind) => [kind, shares[kind] ?? 0] as const)
      .filter(([, share]) => share > 0)
    this.#random = random
    this.#dayBegins = dayBegins
  }

  for(notice: Notice): MessageTrouble | undefined {
    if (this.#kinds.length === 0) return undefined
    let at = this.#random.fraction()
    const drawn = this.#kinds.find(([, share]) => {
      at -= share
      return at < 0
    })?.[0]
    return drawn && PASSED_OVER[drawn]?.(notice) ? undefined : drawn
  }

  /** Returns when a late message is sent: by the end of the day, before its stream can have fired. */
  lateAt(at: Micros): Micros {
    const late = at + this.#random.int(5 * MICROS_PER_MINUTE, 60 * MICROS_PER_MINUTE)
    return Math.min(late, endOfDay(at, this.#dayBegins))
  }

  /** Returns when an overdue message is sent: hours after the exists of its day. */
  overdueAt(at: Micros): Micros {
    return endOfDay(at, this.#dayBegins) + OVERDUE_AFTER + this.#random.int(0, OVERDUE_WITHIN)
  }

  /** Returns when the second copy of a message is sent. */
  copyAt(at: Micros): Micros {
    return at + this.#random.int(1, COPY_WITHIN)
  }

  /** Returns the notice with a flavor and a system that contradict the other messages of its instance. */
  contradict(notice: Notice): Notice {
    const { instance } = notice
    if (!instance) return notice
    const flavor = this.#random.pick(FLAVORS.filter(({ id }) => id !== instance.flavor.id))
    const image = { ...instance.image, version: `${instance.image.version}-rc1` }
    return { ...notice, instance: { ...instance, flavor, image } }
  }
}

/** Damages a body so that it cannot become an event, in one of four ways. */
export function breakBody(body: string, way: number): string {
  switch (way % 4) {
    case 0:
      return body.slice(0, Math.floor(body.length * 0.7))
    case 1:
      return `[${body}]`
    case 2:
      return body.replace('message_id', 'message_no')
    default:
      return body.replace('event_type', 'event_kind')
  }
}

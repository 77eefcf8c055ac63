import { momentOf, type StoredEvent } from '../../domain/event.ts'
import type { Progress } from '../../domain/stream.ts'
import { formatMoment } from '../../domain/time.ts'
import type { CriterionExplanation, Miss } from '../../formats/stream-explanation.ts'
import type { FireCriterion, Trigger } from '../../streams/trigger.ts'
import { flowYaml } from '../../text/flow-yaml.ts'

/** Events of a stream that are looked at for near misses; of more, the first ones. */
const MOST_EVENTS = 10_000
/** Reasons that are told of one criterion, the commonest first. */
const MOST_REASONS = 5

/**
 * Returns the fire criteria of a trigger with what a stream has met of them, and near misses among the
 * stream's events for those that are not met.
 */
export async function explainCriteria(
  { fireCriteria }: Trigger,
  progress: Progress,
  events: AsyncIterable<readonly StoredEvent[]>,
): Promise<CriterionExplanation[]> {
  const tallies = fireCriteria.map((criterion) => new Tally(criterion, progress))
  const open = tallies.filter(({ isMet }) => !isMet)
  if (open.length > 0) await lookAt(events, open)
  return tallies.map((tally) => tally.facts())
}

async function lookAt(events: AsyncIterable<readonly StoredEvent[]>, tallies: readonly Tally[]) {
  let looked = 0
  for await (const portion of events) {
    for (const event of portion) {
      if (looked++ === MOST_EVENTS) return
      for (const tally of tallies) tally.look(event)
    }
  }
}

class Tally {
  readonly #criterion: FireCriterion
  readonly #seen: number | null
  readonly #misses = new Map<string, { events: number; latest: StoredEvent }>()
  readonly #otherTypes = new Set<string>()
  #accepted = 0

  constructor(criterion: FireCriterion, progress: Progress) {
    this.#criterion = criterion
    this.#seen = Object.hasOwn(progress, criterion.fingerprint)
      ? (progress[criterion.fingerprint] as number)
      : null
  }

  get isMet(): boolean {
    return (this.#seen ?? 0) >= this.#criterion.number
  }

  look(event: StoredEvent): void {
    const { criterion } = this.#criterion
    if (!criterion.acceptsType(event.eventType)) {
      this.#otherTypes.add(event.eventType)
      return
    }
    this.#accepted++
    const reason = criterion.mismatch(event)
    if (reason === undefined) return
    const known = this.#misses.get(reason)
    this.#misses.set(reason, { events: (known?.events ?? 0) + 1, latest: event })
  }

  facts(): CriterionExplanation {
    const misses = [...this.#misses].sort(([, a], [, b]) => b.events - a.events).slice(0, MOST_REASONS)
    return {
      criterion: flowYaml(this.#criterion.written),
      needed: this.#criterion.number,
      seen: this.#seen,
      is_met: this.isMet,
      misses: misses.map(([reason, { events, latest }]) => ({ reason, events, latest: shown(latest) })),
      other_types: this.#accepted > 0 ? [] : [...this.#otherTypes].sort().slice(0, MOST_REASONS),
    }
  }
}

function shown(event: StoredEvent): Miss['latest'] {
  return {
    message_id: event.messageId,
    event_type: event.eventType,
    timestamp: formatMoment(momentOf(event)),
  }
}

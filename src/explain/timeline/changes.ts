import type { Event } from '../../domain/event.ts'
import { canonicalTrait, type Trait } from '../../domain/trait.ts'
import { restTraits } from '../../formats/rest-form.ts'
import type { Change } from '../../formats/timeline.ts'
import { stringifyJson } from '../../text/json.ts'
import { maskValue } from '../../text/mask-secrets.ts'

/** Traits of the event itself, which tell nothing about the resource. */
const OF_THE_EVENT =
  /^(?:request_id|user_id|service|message|exception|audit_period_\w+|bandwidth_\w+|old_\w+)$/

/**
 * Traces the traits of a resource from event to event. Events of different services are traced apart: the state of a
 * server and that of its port have the same name.
 */
export class Changes {
  readonly #values = new Map<string, Trait>()

  /** Returns the traits of an event that differ from the last ones of their names, in the order of the event. */
  after({ eventType, traits }: Event): Change[] {
    const service = eventType.split('.', 1)[0] as string
    const changes: Change[] = []
    for (const [trait, to] of Object.entries(traits)) {
      if (OF_THE_EVENT.test(trait)) continue
      const key = `${service}.${trait}`
      const from = this.#values.get(key)
      this.#values.set(key, to)
      if (from && isDifferent(from, to)) changes.push(change(trait, from, to))
    }
    return changes
  }
}

/** Joins changes that follow each other; what came back to its first value is left out. */
export function netChanges(steps: readonly (readonly Change[])[]): Change[] {
  const net = new Map<string, Change>()
  for (const step of steps) {
    for (const { trait, from, to } of step) net.set(trait, { trait, from: net.get(trait)?.from ?? from, to })
  }
  return [...net.values()].filter(({ from, to }) => stringifyJson(from) !== stringifyJson(to))
}

function isDifferent(a: Trait, b: Trait): boolean {
  return canonicalTrait(a) !== canonicalTrait(b)
}

function change(trait: string, from: Trait, to: Trait): Change {
  const values = restTraits({ from, to })
  return { trait, from: maskValue(trait, values.from ?? null), to: maskValue(trait, values.to ?? null) }
}

import { formatIso, type Micros } from '../../domain/time.ts'
import { type RestDatetime, type RestValue, restDatetime, restTraits } from '../../formats/rest-form.ts'
import { stringifyJson } from '../../text/json.ts'
import type { Difference } from './compare-outcomes.ts'
import type { Comparison } from './compare-stores.ts'
import type { Outcome } from './outcome.ts'

type OutcomeLine = {
  readonly ends: string
  readonly ends_at: RestDatetime | null
  readonly first_event: RestDatetime
  readonly last_event: RestDatetime
  readonly events: number
}

/** A comparison as a JSON object, with times in the encoding of the REST API. */
export type ComparisonLine = {
  readonly stream: {
    readonly name: string
    readonly distinguishing_traits: { readonly [name: string]: RestValue }
  }
  /** in the order of their first events */
  readonly before: readonly OutcomeLine[]
  readonly after: readonly OutcomeLine[]
  readonly differences: readonly object[]
}

/** Returns a comparison as a JSON object. */
export function comparisonLine({ name, traits, before, after, differences }: Comparison): ComparisonLine {
  return {
    stream: { name, distinguishing_traits: restTraits(traits) },
    before: before.map(outcomeLine),
    after: after.map(outcomeLine),
    differences: differences.map(differenceLine),
  }
}

function outcomeLine({ ends, endsAt, firstEvent, lastEvent, events }: Outcome): OutcomeLine {
  return {
    ends,
    ends_at: optional(endsAt),
    first_event: restDatetime(firstEvent),
    last_event: restDatetime(lastEvent),
    events: events.size,
  }
}

function differenceLine(difference: Difference): object {
  if (difference.what !== 'ends_at') return difference
  return { ...difference, before: optional(difference.before), after: optional(difference.after) }
}

function optional(time: Micros | null): RestDatetime | null {
  return time === null ? null : restDatetime(time)
}

/** Most message ids that a text shows. */
const SHOWN = 5

/** Describes what differs, a line each: the stream first. */
export function describeComparison({ name, traits, differences, before, after }: Comparison): string {
  const lines = differences.map((one) => `  ${describe(one, before.length > 1 || after.length > 1)}`)
  return [`${name} ${stringifyJson(restTraits(traits))}`, ...lines, ''].join('\n')
}

function describe(difference: Difference, hasSeveral: boolean): string {
  if (difference.what === 'streams') {
    const { before, after } = difference
    if (before === 0) return `a new stream${after > 1 ? `, ${after} of them` : ''}`
    if (after === 0) return `no stream any more, before ${before}`
    return `${before} ${before === 1 ? 'stream' : 'streams'} before, ${after} after`
  }
  if (difference.what === 'made')
    return difference.only_after
      .map(({ event_type, message_id }) => `makes ${event_type} ${message_id} only after`)
      .join('\n  ')
  const begin = hasSeveral ? `stream ${difference.stream}: ` : ''
  if (difference.what === 'ends') return `${begin}${difference.before} before, ${difference.after} after`
  if (difference.what === 'ends_at')
    return `${begin}ends at ${shown(difference.before)} before, at ${shown(difference.after)} after`
  return `${begin}${[idsText('before', difference.only_before), idsText('after', difference.only_after)].filter(Boolean).join('; ')}`
}

function shown(time: Micros | null): string {
  return time === null ? 'no time' : formatIso(time)
}

function idsText(side: string, ids: readonly string[]): string {
  if (ids.length === 0) return ''
  const more = ids.length > SHOWN ? ` and ${ids.length - SHOWN} more` : ''
  return `only ${side}: ${ids.length === 1 ? 'event' : `${ids.length} events`} ${ids.slice(0, SHOWN).join(', ')}${more}`
}

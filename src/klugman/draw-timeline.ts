import { parseIso } from '../domain/time.ts'
import type { RestValue } from '../formats/rest-form.ts'
import type { Change, StreamEntry, Timeline, TimelineEntry } from '../formats/timeline.ts'
import { formatDuration } from '../text/format-duration.ts'
import { printable } from '../text/printable.ts'
import { plainText } from './format-value.ts'

/** A longer time without an event gets a line of its own, µs. */
const GAP = 3_600_000_000

/** Longest value of a change that is shown whole. */
const LONGEST_VALUE = 60

/** Marks a line of a failure, for example by colour. */
export type Marking = (line: string) => string

/**
 * Draws the story of a resource as lines of text: a line for each day, each entry with its time, what changed below
 * it, and a line for each long gap.
 *
 * @example
 * drawTimeline(await client.timeline({ of: '8f2c' }))
 */
export function drawTimeline(timeline: Timeline, marking: Marking = (line) => line): string[] {
  const drawing = new Drawing(marking)
  for (const entry of timeline.entries) drawing.add(entry)
  return [headOf(timeline), ...drawing.lines]
}

function headOf(timeline: Timeline): string {
  const { traits, events, entries } = timeline
  const name = Object.entries(traits).map(([trait, value]) => `${trait} ${value}`)
  const streams = new Set(entries.flatMap((entry) => (entry.kind === 'stream' ? [entry.stream] : [])))
  const counts = [counted(events, 'event'), counted(streams.size, 'stream')].join(', ')
  return printable([`${name.join(', ')}: ${counts}`, ...leftOut(timeline)].join('; '))
}

/** Returns clauses about what is left out of a story, and how it is shown; none where it is whole. */
export function leftOut({ entries, is_truncated, has_more_streams }: Timeline): string[] {
  const first = entries.find(({ kind }) => kind !== 'stream')?.at
  return [
    ...(is_truncated ? [`older events are left out, --to ${first} shows them`] : []),
    ...(has_more_streams ? ['older streams are left out, --from and --to choose a time'] : []),
  ]
}

class Drawing {
  readonly lines: string[] = []
  readonly #marking: Marking
  /** times at which operations began, by the event type without `.start` */
  readonly #begun = new Map<string, number>()
  #day = ''
  #last: number | undefined
  #request: string | null = null

  constructor(marking: Marking) {
    this.#marking = marking
  }

  add(entry: TimelineEntry): void {
    const at = timeOf(entry.at)
    const gap = this.#last === undefined ? 0 : at - this.#last
    if (gap >= GAP) this.lines.push(`  ⋮ ${formatDuration(gap)}`)
    // A local time has its offset at the end, which stands with the day.
    const [, date = '', clock = '', offset = ''] = /^(.*)T([\d:.]*)(.*)$/.exec(entry.at) ?? []
    const day = offset === '' ? date : `${date} (${offset})`
    if (day !== this.#day) this.lines.push(day)
    this.#day = day
    this.#last = entry.kind === 'folded' ? timeOf(entry.until) : at
    this.#line(`  ${clock.slice(0, 12).padEnd(12)}  ${this.#textOf(entry, at)}`, isFailure(entry))
    for (const line of below(entry)) this.#line(`${' '.repeat(18)}${line}`, false)
  }

  #line(text: string, isMarked: boolean): void {
    const line = printable(isMarked ? text.replace('  ', '! ') : text)
    this.lines.push(isMarked ? this.#marking(line) : line)
  }

  #textOf(entry: TimelineEntry, at: number): string {
    if (entry.kind === 'stream') return streamText(entry)
    if (entry.kind === 'folded') {
      return `${entry.event_type} × ${entry.count}${lasting(timeOf(entry.until) - at)}`
    }
    const { event_type, user_id, request_id } = entry
    const isNew = request_id !== null && request_id !== this.#request
    this.#request = request_id
    const who = isNew ? [user_id === null ? '' : `user ${user_id}`, request_id].filter(Boolean) : []
    const asked = who.length > 0 ? `  (${who.join(', ')})` : ''
    return `${event_type}${this.#durationOf(event_type, at)}${asked}`
  }

  /** Returns how long an operation took at its end; the empty text elsewhere. */
  #durationOf(eventType: string, at: number): string {
    const [, operation, phase] = /^(.*)\.(start|end|error)$/.exec(eventType) ?? []
    if (operation === undefined) return ''
    const begun = this.#begun.get(operation)
    if (phase === 'start') this.#begun.set(operation, at)
    else this.#begun.delete(operation)
    return phase === 'start' || begun === undefined ? '' : `, after ${lasted(at - begun)}`
  }
}

function streamText({ stream, name, what, state }: StreamEntry): string {
  return `stream ${stream} of ${name} ${what}${what === 'opened' || what === state ? '' : ` (${state})`}`
}

function below(entry: TimelineEntry): string[] {
  if (entry.kind === 'stream') return entry.error === null ? [] : [entry.error]
  const message = entry.kind === 'event' && entry.message !== null ? [entry.message] : []
  return [...message, ...entry.changes.map(changeText)]
}

function changeText({ trait, from, to }: Change): string {
  return `${trait}: ${shortened(from)} → ${shortened(to)}`
}

function shortened(value: RestValue): string {
  const text = plainText(value) || '""'
  return text.length > LONGEST_VALUE ? `${text.slice(0, LONGEST_VALUE)}…` : text
}

function isFailure(entry: TimelineEntry): boolean {
  if (entry.kind === 'stream') return entry.error !== null
  return entry.kind === 'event' && entry.is_failure
}

function lasting(duration: number): string {
  return duration < 1_000_000 ? '' : ` within ${formatDuration(duration)}`
}

/** Operations of less than some seconds are told to a tenth of a second. */
function lasted(duration: number): string {
  return duration < 10_000_000 ? `${(duration / 1_000_000).toFixed(1)} s` : formatDuration(duration)
}

function timeOf(iso: string): number {
  return parseIso(iso) ?? 0
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}

import type { JsonValue } from '../../domain/notification.ts'
import { MICROS_PER_SECOND, parseIso } from '../../domain/time.ts'
import type { FieldMatch, TraitPlugin } from '../trait-plugin.ts'

/**
 * Computes the seconds between two fields, never negative; no value unless exactly two fields are found and
 * both are times.
 */
export class TimedeltaPlugin implements TraitPlugin {
  static readonly description = 'Counts the seconds between the times of two fields, whichever is the later.'
  static readonly schema = { properties: {} }

  traitValue(matches: readonly FieldMatch[]): JsonValue | undefined {
    if (matches.length !== 2) return undefined
    const [start, end] = matches.map(([, value]) => (typeof value === 'string' ? parseIso(value) : undefined))
    if (start === undefined || end === undefined) return undefined
    return Math.abs(end - start) / MICROS_PER_SECOND
  }
}

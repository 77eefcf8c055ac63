import { ENVELOPE_NAMES } from '../../domain/event.ts'
import type { Report } from '../../domain/report.ts'
import { type CriterionConfig, TRIGGER_DEFAULTS, type TriggerConfig } from '../../streams/trigger-config.ts'
import { compileEventTypeFilter, type EventTypePatterns } from '../../text/event-type-filter.ts'
import { didYouMean } from '../../text/suggest.ts'
import { variablesOf } from '../../timex/check-names.ts'
import { parseTimex } from '../../timex/parser.ts'
import { TimexError } from '../../timex/timex-error.ts'

/** The traits of events that the usage handler makes. */
const MADE_BY_PIPELINES = [
  'error',
  'error_code',
  'original_message_id',
  'publisher_id',
  'stream_id',
  'warnings',
]

type Path = readonly (string | number)[]

/**
 * Finds faults of triggers that a check of single values cannot find: traits that no definition makes,
 * criteria that can never be met, and keys without effect. `known` has the traits of the definitions;
 * undefined when they are unknown.
 */
export function checkTriggers(
  triggers: readonly TriggerConfig[],
  known: ReadonlySet<string> | undefined,
  report: Report,
): void {
  const names = known && new Set([...known, ...ENVELOPE_NAMES, ...MADE_BY_PIPELINES])
  for (const [index, trigger] of triggers.entries()) {
    if (trigger.load_criteria !== undefined) {
      warn(
        report,
        'ignored',
        [index, 'load_criteria'],
        'load_criteria: is ignored; a pipeline gets all events of its stream',
      )
    }
    if (names) checkTraits(trigger, [index], names, report)
    checkSpelling(trigger, [index], report)
    checkFireTypes(trigger, [index], report)
  }
}

function warn(report: Report, code: string, path: Path, message: string): void {
  report({ severity: 'warning', code, path, message })
}

function criteriaOf(trigger: TriggerConfig): { criterion: CriterionConfig; path: Path }[] {
  return (['match_criteria', 'fire_criteria'] as const).flatMap((list) =>
    trigger[list].map((criterion, index) => ({ criterion, path: [list, index] })),
  )
}

function checkTraits(trigger: TriggerConfig, base: Path, known: ReadonlySet<string>, report: Report): void {
  const unknown = (name: string) =>
    `no event definition makes the trait ${JSON.stringify(name)}${didYouMean(name, known)}`
  for (const [index, entry] of (trigger.distinguished_by ?? []).entries()) {
    const name = typeof entry === 'string' ? entry : (Object.keys(entry)[0] as string)
    if (known.has(name)) continue
    const path = [...base, 'distinguished_by', index]
    report({ severity: 'error', code: 'unknown-trait', path, message: unknown(name) })
  }
  for (const { criterion, path } of criteriaOf(trigger)) {
    for (const name of Object.keys(criterion.traits ?? {})) {
      if (!known.has(name)) warn(report, 'unknown-trait', [...base, ...path, 'traits', name], unknown(name))
    }
    for (const { text, at } of timeExpressions(criterion)) {
      for (const name of unknownVariables(text, known)) {
        warn(report, 'unknown-trait', [...base, ...path, ...at], unknown(name))
      }
    }
    for (const [trait, name] of Object.entries(criterion.map_distinguished_by ?? {})) {
      if (known.has(name)) continue
      warn(report, 'unknown-trait', [...base, ...path, 'map_distinguished_by', trait], unknown(name))
    }
  }
}

function timeExpressions({ timestamp, traits = {} }: CriterionConfig): { text: string; at: Path }[] {
  const ofTraits = Object.entries(traits).flatMap(([name, test]) =>
    typeof test === 'object' && 'datetime' in test
      ? [{ text: test.datetime, at: ['traits', name, 'datetime'] }]
      : [],
  )
  return timestamp === undefined ? ofTraits : [{ text: timestamp, at: ['timestamp'] }, ...ofTraits]
}

/**
 * Returns the variables of an expression that are not among the names. Skips faulty expressions, reported
 * elsewhere.
 */
function unknownVariables(text: string, names: ReadonlySet<string>): string[] {
  try {
    return variablesOf(parseTimex(text)).filter((name) => !names.has(name))
  } catch (error) {
    if (error instanceof TimexError) return []
    throw error
  }
}

function checkSpelling(trigger: TriggerConfig, base: Path, report: Report): void {
  for (const { criterion, path } of criteriaOf(trigger)) {
    if (criterion.map_distingushed_by === undefined) continue
    warn(
      report,
      'spelling',
      [...base, ...path, 'map_distingushed_by'],
      'map_distingushed_by: is the old spelling of map_distinguished_by',
    )
  }
}

/** Finds fire criteria that can never be met, because no match criterion accepts their event types. */
function checkFireTypes(trigger: TriggerConfig, base: Path, report: Report): void {
  const accepts = trigger.match_criteria.map(({ event_type = TRIGGER_DEFAULTS.event_type }) =>
    compileEventTypeFilter(event_type),
  )
  for (const [index, { event_type = TRIGGER_DEFAULTS.event_type }] of trigger.fire_criteria.entries()) {
    const types = plainTypes(event_type)
    if (types.length === 0 || types.some((type) => accepts.some((accept) => accept(type)))) continue
    const path = [...base, 'fire_criteria', index]
    warn(
      report,
      'never-fires',
      path,
      `the trigger can never fire: its match_criteria let no ${types.join(' or ')} in`,
    )
  }
}

/** Returns the event types of patterns without wildcards; an empty list when any pattern has a wildcard. */
function plainTypes(patterns: EventTypePatterns): readonly string[] {
  const included = (typeof patterns === 'string' ? [patterns] : patterns).filter(
    (pattern) => !pattern.startsWith('!'),
  )
  return included.some((pattern) => /[*?[]/.test(pattern)) ? [] : included
}

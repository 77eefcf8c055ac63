import type { Config } from '../../config/load/config.ts'
import { DEFAULT_TRAITS, type EventDefinition, type TraitDefinition } from '../../distiller/definition.ts'
import type { Finding, Position } from '../../domain/errors.ts'
import type { EventTypePatterns } from '../../text/event-type-filter.ts'
import { periodText } from '../../usage/practical/stream-story.ts'
import type { DefinitionUse, Observation } from './observation.ts'

/**
 * Returns the findings of an observation.
 *
 * A notification that could not become an event is an error, reported at the notification or at the
 * definition. Everything else is a warning: types without a definition (at the first notification of each),
 * events without an id of their resource, definitions, traits and triggers that no notification needed (where
 * they are defined), and audit periods that are not within their stream.
 */
export function findingsOf(config: Config, observation: Observation): Finding[] {
  return [
    ...unreadable(observation),
    ...refused(config, observation),
    ...unknown(observation),
    ...nameless(observation),
    ...unusedDefinitions(config, observation),
    ...unfilledTraits(config, observation),
    ...unmatchedTriggers(config, observation),
    ...misfittingPeriods(config, observation),
  ]
}

function warning(code: string, position: Position, message: string, path = ''): Finding {
  return { severity: 'warning', code, path, message, position }
}

function unreadable({ unreadable: lines }: Observation): Finding[] {
  return lines.map(({ position, reason }) => ({
    severity: 'error',
    code: 'unreadable',
    path: '',
    message: `not a notification: ${reason}`,
    position,
  }))
}

function refused({ places }: Config, observation: Observation): Finding[] {
  return [...observation.refused.values()].map(({ count, first, definition, reason }) => {
    const name = /^trait ([^:]+):/.exec(reason)?.[1]
    const path = name === undefined ? [definition.index] : [definition.index, 'traits', name]
    const message = `${times(count)} did not become an event: ${reason}; the first at ${first.file}:${first.line}`
    const position = places.definition(path)
    return { severity: 'error', code: 'not-distilled', path: path.slice(1).join('.'), message, position }
  })
}

function unknown(observation: Observation): Finding[] {
  return byCount(observation.unknown).map(([type, { count, first }]) =>
    warning('no-definition', first, `${type}: no definition matches ${times(count)}`),
  )
}

function nameless({ nameless: types, withId }: Observation): Finding[] {
  return byCount(types).map(([type, { count, first, fields }]) => {
    const all = count + (withId.get(type) ?? 0)
    const offered = [...fields].slice(0, 5).join(', ')
    const message = `${type}: in ${count} of ${all} no trait holds an id of the resource, though the notification has ${offered}`
    return warning('event-without-id', first, message)
  })
}

/** Reports a file once when none of its definitions was used. */
function unusedDefinitions({ definitions, places }: Config, observation: Observation): Finding[] {
  const files = Map.groupBy(definitions, ({ index }) => places.definition([index]).file)
  return [...files].flatMap(([file, group]) => {
    const unused = group.filter(({ index }) => useOf(observation, index).taken === 0)
    if (unused.length === group.length && group.length > 1) {
      const message = `none of the ${group.length} definitions of this file was used`
      return [warning('definition-unused', { file, line: 1, column: 1 }, message)]
    }
    return unused.map(({ index, patterns }) => {
      const { lost } = useOf(observation, index)
      const why = lost.size > 0 ? `later definitions took ${some(lost)}` : 'no notification has such a type'
      const message = `the definition of ${text(patterns)} was not used: ${why}`
      return warning('definition-unused', places.definition([index]), message)
    })
  })
}

type Use = {
  readonly definition: EventDefinition
  readonly trait: TraitDefinition
  readonly use: DefinitionUse
}

/**
 * Treats a trait that several definitions of a file share, for example by a merge key, as one. Reports the
 * first place where it is defined.
 */
function unfilledTraits({ definitions, places }: Config, observation: Observation): Finding[] {
  const uses = definitions.flatMap((definition): Use[] => {
    const use = useOf(observation, definition.index)
    const traits = use.taken > 0 ? definition.traits.filter((trait) => !isDefault(trait)) : []
    return traits.map((trait) => ({ definition, trait, use }))
  })
  const shared = Map.groupBy(uses, ({ definition, trait }) => {
    const { file } = places.definition([definition.index])
    return JSON.stringify([file, trait.name, trait.type, pathsOf(trait)])
  })
  return [...shared.values()].flatMap((group) => {
    const [{ definition, trait }] = group as [Use, ...Use[]]
    if (group.some(({ use }) => use.filled.has(trait.name))) return []
    const path = ['traits', trait.name]
    const position = places.definition([definition.index, ...path])
    return [warning('trait-unfilled', position, unfilledText(group as [Use, ...Use[]]), path.join('.'))]
  })
}

function unfilledText(group: readonly [Use, ...Use[]]): string {
  const [{ definition, trait }] = group
  const others = group.length > 1 ? ` and ${group.length - 1} more` : ''
  const taken = group.reduce((sum, { use }) => sum + use.taken, 0)
  const types = some(group.flatMap(({ use }) => [...use.types]))
  const paths = pathsOf(trait).join(', ')
  return `trait ${trait.name} of ${text(definition.patterns)}${others}: none of ${taken} notifications (${types}) has ${paths}`
}

function pathsOf({ fields }: TraitDefinition): string[] {
  return fields.map((field) => field.text)
}

/** Whether a trait is one that every event gets, even if no definition names it. */
function isDefault(trait: TraitDefinition): boolean {
  const paths = DEFAULT_TRAITS[trait.name]?.fields
  return paths !== undefined && String(paths) === String(pathsOf(trait))
}

function unmatchedTriggers({ triggers, places }: Config, observation: Observation): Finding[] {
  return triggers.flatMap(({ name }) => {
    const use = observation.triggers.get(name)
    if (!use || use.matched > 0) return []
    const [reason] = [...use.reasons].sort(([, a], [, b]) => b - a)
    const why = reason ? `mostly (${reason[1]}) because ${reason[0]}` : 'no event is of its types'
    return [warning('trigger-unmatched', places.trigger(name), `trigger ${name} matched no event: ${why}`)]
  })
}

function misfittingPeriods({ places }: Config, { misfits }: Observation): Finding[] {
  return [...misfits.values()].map(({ count, type, trigger, period, range }) => {
    const periods = `such as ${periodText(period)} in that of ${periodText(range)}`
    const message = `the audit period of ${times(count)} of ${type} is not within its stream of ${trigger}, ${periods}: the usage outside is not verified (docs/usage-rules.md, "Audit periods")`
    return warning('audit-period', places.trigger(trigger), message)
  })
}

function useOf({ definitions }: Observation, index: number): DefinitionUse {
  return definitions[index] as DefinitionUse
}

function byCount<T extends { readonly count: number }>(counts: ReadonlyMap<string, T>): [string, T][] {
  return [...counts].sort(([, a], [, b]) => b.count - a.count)
}

function times(count: number): string {
  return count === 1 ? '1 notification' : `${count} notifications`
}

function text(patterns: EventTypePatterns): string {
  return typeof patterns === 'string' ? patterns : some(patterns)
}

/** Joins the first three names, with an ellipsis when there are more. */
function some(names: Iterable<string>): string {
  const all = [...names]
  return all.length > 3 ? `${all.slice(0, 3).join(', ')}, …` : all.join(', ')
}

import type { CriterionExplanation, Miss, StreamExplanation } from './stream-explanation.ts'

/**
 * Describes as text why a stream has not fired: the answer first, then its fire criteria with near misses.
 *
 * @example
 * await print(describeExplanation(await client.explainStream(17)))
 */
export function describeExplanation(explanation: StreamExplanation): string {
  const { id, name, state, event_count, why, fire_criteria, last_error } = explanation
  const lines = [`stream ${id} of ${name}: ${state}, ${counted(event_count, 'event')}`, ...why.map(indented)]
  if (fire_criteria.length > 0) lines.push('fire criteria:', ...fire_criteria.flatMap(ofCriterion))
  if (last_error !== null) lines.push('last error:', ...last_error.split('\n').map(indented))
  return `${lines.join('\n')}\n`
}

function ofCriterion(facts: CriterionExplanation): string[] {
  const { criterion, needed, seen, is_met, misses, other_types } = facts
  const progress = seen === null ? 'not counted yet' : `${seen} of ${needed}`
  const types = other_types.length > 0 ? [`no event has its type; there are ${other_types.join(', ')}`] : []
  const below = [...misses.map(ofMiss), ...types]
  return [
    indented(`${is_met ? 'met' : 'not met'} (${progress}): ${criterion || 'any event'}`),
    ...below.map((line) => indented(indented(line))),
  ]
}

function ofMiss({ reason, events, latest }: Miss): string {
  const last = `${latest.event_type} ${latest.message_id} of ${latest.timestamp}`
  return `${counted(events, 'event')}: ${reason}; ${events === 1 ? '' : 'the latest is '}${last}`
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}

function indented(line: string): string {
  return `  ${line}`
}

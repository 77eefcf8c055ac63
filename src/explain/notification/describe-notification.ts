import { stringifyJson } from '../../text/json.ts'
import { printable } from '../../text/printable.ts'
import {
  type DefinitionFacts,
  type FireFacts,
  type NotificationExplanation,
  OTHER_TYPE,
  type TriggerFacts,
} from './explain-notification.ts'

/** Describes as text what a configuration makes of a notification. */
export function describeNotification(explanation: NotificationExplanation): string {
  const { message_id, event_type, error, definition, passed_over, traits, triggers } = explanation
  const lines = [`${event_type ?? 'message'} ${message_id ?? ''}`.trim()]
  if (error !== null) lines.push(`  becomes no event: ${error}`)
  if (definition) lines.push(`  definition ${placeText(definition)}: ${patternsText(definition)}`)
  for (const other of passed_over)
    lines.push(
      `  passed over, since a later one matches: definition ${placeText(other)}: ${patternsText(other)}`,
    )
  for (const [name, { field, ...trait }] of Object.entries(traits)) {
    const value = 'value' in trait ? stringifyJson(trait.value) : stringifyJson(trait)
    lines.push(`  ${name} = ${value} (${trait.type}${field === null ? '' : `, from ${field}`})`)
  }
  for (const trigger of triggers) lines.push(...ofTrigger(trigger))
  return `${lines.map(printable).join('\n')}\n`
}

function ofTrigger({ name, match, reason, key, fire_criteria }: TriggerFacts): string[] {
  if (!match) return [`  trigger ${name}: no, ${reason}`]
  // Most events are of none of the types that make a stream fire.
  const ofItsType = fire_criteria.filter((facts) => facts.reason !== OTHER_TYPE)
  return [`  trigger ${name}: joins the stream ${stringifyJson(key)}`, ...ofItsType.map(ofFireCriterion)]
}

function ofFireCriterion({ criterion, met, reason }: FireFacts): string {
  const name = `the fire criterion ${criterion || 'any event'}`
  return met ? `    counts for ${name}` : `    does not count for ${name}, as ${reason}`
}

function placeText({ file, line }: DefinitionFacts): string {
  return file === null ? 'that catches all' : `${file}:${line}`
}

function patternsText({ event_type }: DefinitionFacts): string {
  return typeof event_type === 'string' ? event_type : event_type.join(', ')
}

import { z } from 'zod'
import { ConfigError, formatPosition, messageOf, type Position } from '../../domain/errors.ts'
import { formatIso } from '../../domain/time.ts'
import { describeIssues } from '../../runtime/describe-issue.ts'
import { stringifyJson } from '../../text/json.ts'
import { compileMatcher } from '../matcher/compile-matcher.ts'
import type { Matcher } from '../matcher/matcher.ts'
import type { MessageView } from '../wire/message-view.ts'
import { compileTemplate, type Template, type Value } from './template.ts'

const templates = z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]))
const schema = z.strictObject({
  notifications: z
    .array(
      z.strictObject({
        match: z.string().default(''),
        event_type: z.string().min(1),
        publisher_id: z.string().default('{Hostname}'),
        priority: z.string().default('INFO'),
        message_id: z.string().default('{Uuid}'),
        payload: templates.default({}),
      }),
    )
    .min(1),
})

type Rule = {
  readonly matches: Matcher | undefined
  readonly eventType: Template
  readonly publisherId: Template
  readonly priority: Template
  readonly messageId: Template
  readonly payload: readonly (readonly [key: string, template: Template])[]
}

/** Makes the notification of a message; `id` is taken where the message has none. Undefined: no rule matches. */
export type Mapping = (view: MessageView, id: string) => string | undefined

/** The value of a file with rules, and where its parts stand in it. */
export type MappingFile = {
  readonly value: unknown
  readonly positionOf: (path: readonly (string | number)[]) => Position
}

/**
 * Compiles the rules by which messages of Heka become notifications: the first one that matches makes it. Throws
 * ConfigError with every fault of the form and its place in the file, or else with the first rule that cannot be used.
 */
export function compileMapping({ value, positionOf }: MappingFile): Mapping {
  const { success, data, error } = schema.safeParse(value)
  if (!success) {
    const faults = error.issues.map((issue) => {
      const path = issue.path.map((key) => (typeof key === 'number' ? key : String(key)))
      return `${formatPosition(positionOf(path))}: ${describeIssues([issue], value, 'the file')}`
    })
    throw new ConfigError(faults.join('\n'))
  }
  const rules = data.notifications.map((rule, index) => {
    try {
      return compileRule(rule)
    } catch (fault) {
      const place = formatPosition(positionOf(['notifications', index]))
      throw new ConfigError(`${place}: notifications.${index}: ${messageOf(fault)}`)
    }
  })
  return (view, id) => {
    const rule = rules.find(({ matches }) => matches === undefined || matches(view))
    return rule && notificationOf(rule, view, id)
  }
}

function compileRule(rule: z.output<typeof schema>['notifications'][number]): Rule {
  return {
    matches: rule.match === '' ? undefined : compileMatcher(rule.match),
    eventType: compileTemplate(rule.event_type),
    publisherId: compileTemplate(rule.publisher_id),
    priority: compileTemplate(rule.priority),
    messageId: compileTemplate(rule.message_id),
    payload: Object.entries(rule.payload).map(([key, one]) => [
      key,
      typeof one === 'string' ? compileTemplate(one) : () => one,
    ]),
  }
}

function notificationOf(rule: Rule, view: MessageView, id: string): string {
  const payload: { [key: string]: Value } = {}
  for (const [key, template] of rule.payload) payload[key] = template(view)
  return stringifyJson({
    event_type: text(rule.eventType(view)),
    message_id: text(rule.messageId(view)) || id,
    publisher_id: text(rule.publisherId(view)),
    priority: text(rule.priority(view)),
    timestamp: formatIso(view.hasTimestamp ? Number(view.timestamp / 1000n) : Date.now() * 1000, 'six'),
    payload,
  })
}

function text(value: Value): string {
  return String(value ?? '')
}

import type { Pipeline } from '../../pipeline/load-pipelines.ts'
import type { Trigger } from '../../streams/trigger.ts'
import type { Expression } from '../../timex/expression.ts'
import { usageStepOf } from './usage-step.ts'

/**
 * Values of `instance_usage_audit_period` whose exists notifications complete streams of an hour, a day, a
 * month or a year.
 */
const PERIODS: { readonly [range: string]: string } = {
  hour: 'hour',
  day: 'day or hour',
  month: 'month',
  year: 'year',
}

const EXISTS = ['compute.instance.exists', 'instance.exists']

/**
 * Returns the settings of nova.conf that triggers need when their pipelines verify the usage of servers: one
 * sentence for each length of stream. Without an audit of that period these streams never fire.
 */
export function auditNeeds(
  triggers: readonly Trigger[],
  pipelines: ReadonlyMap<string, Pipeline>,
): readonly string[] {
  const verifying = triggers.filter(
    (trigger) =>
      trigger.matchCriteria.some(({ acceptsType }) => EXISTS.some(acceptsType)) &&
      usageStepOf(trigger, pipelines) !== undefined,
  )
  const byRange = Map.groupBy(verifying, rangeOf)
  return [...byRange].flatMap(([range, group]) => {
    const period = range === undefined ? undefined : PERIODS[range]
    if (period === undefined) return []
    const names = group.map(({ name }) => name).join(', ')
    return `${names} ${group.length === 1 ? 'verifies' : 'verify'} usage by the ${range}: nova.conf needs instance_usage_audit = True and instance_usage_audit_period = ${period} (its defaults are False and month)`
  })
}

/** Returns the time function by which a trigger distinguishes its streams, such as `day` of `day + 8h`. */
function rangeOf({ distinguishedBy }: Trigger): string | undefined {
  for (const { expression } of distinguishedBy) {
    const name = expression && functionIn(expression)
    if (name !== undefined) return name
  }
  return undefined
}

function functionIn(expression: Expression): string | undefined {
  if (expression.kind === 'function') return expression.name
  return expression.kind === 'shift' ? functionIn(expression.base) : undefined
}

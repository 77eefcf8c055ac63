import type { Pipeline } from '../../pipeline/load-pipelines.ts'
import type { Logger } from '../../runtime/logger.ts'
import type { Trigger } from '../../streams/trigger.ts'
import type { UsageVerdict } from '../../usage/verdict.ts'
import { DueAudits } from './due-audits.ts'
import { Neighbours } from './neighbours.ts'
import type { StreamGroup } from './stream-groups.ts'
import { usageHandlerOf } from './usage-step.ts'
import { existsLine, periodsLines, remainderLine, type VerdictLine } from './verdict-line.ts'

/**
 * Verifies the streams of all triggers that have a usage handler in a pipeline. Returns the verdicts in the
 * order of the groups.
 *
 * @example
 * const groups = new StreamGroups(createRouter(config.triggers))
 * for (const event of events) groups.add(event)
 * const lines = verifyGroups(groups.sorted(), config.triggers, pipelines, { logger })
 */
export function verifyGroups(
  groups: readonly StreamGroup[],
  triggers: readonly Trigger[],
  pipelines: ReadonlyMap<string, Pipeline>,
  { logger }: { readonly logger: Logger },
): VerdictLine[] {
  const due = new DueAudits(groups)
  const neighbours = new Neighbours(groups)
  return groups.flatMap((group) => {
    const handler = usageHandlerOf(group.key.name, triggers, pipelines, logger)
    if (!handler) return []
    const env = { streamId: 0, streamName: group.key.name, distinguishingTraits: group.key.traits }
    return linesOf(handler.verify(group.events, env, neighbours.of(group)), group, due)
  })
}

function linesOf(
  { exists, remainders, periods }: UsageVerdict,
  group: StreamGroup,
  due: DueAudits,
): VerdictLine[] {
  return [
    ...exists.map((one) => existsLine(one, group)),
    ...remainders.map((remainder) => remainderLine(remainder, due.isDue(remainder.first, group), group)),
    ...(periods ? periodsLines(periods, due.isOver(group), group) : []),
  ]
}

import { textOf } from '../traits.ts'
import type { RemainderVerdict } from '../verdict.ts'
import { isWholePeriod } from './audit-period.ts'
import { existsTypeOf } from './remainder.ts'
import { SERVER } from './server.ts'
import { type Entry, isOfRequest, nameOf, type StreamStory } from './stream-story.ts'
import type { Step } from './subject.ts'

/** How operations begin before which Nova tells, by an exists at once, of what was used until then. */
const BEGINNINGS: { readonly [end: string]: string } = {
  'rebuild.end': 'rebuild.start',
  'finish_resize.end': 'resize.prep.start',
  'resize.revert.end': 'resize.revert.start',
  'rescue.end': 'rescue.start',
}

/** U0: operations that changed what a server is, and no exists tells of what it was until then. */
export function checkUntoldOperations({ entries }: StreamStory): RemainderVerdict[] {
  return entries.flatMap((entry, index) => {
    const beginning = BEGINNINGS[entry.step]
    if (beginning === undefined || entry.isElsewhere) return []
    if (!isUntold(entry, beginning, entries.slice(0, index))) return []
    const message = `Notifications, but no .exists notification found before ${nameOf(entry.event)}: what was used until then is not told.`
    const fault = { code: 'U0', message }
    return [{ kind: 'fault', existsType: existsTypeOf(entries), first: entry.event, fault }]
  })
}

function isUntold({ event }: Entry, beginning: Step, before: readonly Entry[]): boolean {
  const request = textOf(event, 'request_id')
  // Where it began on the day before, so did its exists.
  const hasBegun = before.some((one) => one.step === beginning && isOfRequest(one, request))
  const since = before.slice(before.findLastIndex((one) => SERVER.settling.includes(one.step)) + 1)
  const isTold = since.some((one) => one.step === 'exists' && !isWholePeriod(one.event))
  return hasBegun && !isTold
}

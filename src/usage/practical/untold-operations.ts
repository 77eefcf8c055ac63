import { textOf } from '../traits.ts'
import type { RemainderVerdict } from '../verdict.ts'
import { isWholePeriod } from './audit-period.ts'
import { existsTypeOf } from './remainder.ts'
import { SERVER } from './server.ts'
import { type Entry, isOfRequest, nameOf, type StreamStory } from './stream-story.ts'
import type { Step } from './subject.ts'

/** By its end, the begin of each operation before which Nova sends an exists of the usage until then. */
const BEGINNINGS: { readonly [end: string]: string } = {
  'rebuild.end': 'rebuild.start',
  'finish_resize.end': 'resize.prep.start',
  'resize.revert.end': 'resize.revert.start',
  'rescue.end': 'rescue.start',
}

/** U0: operations that changed the server, without an exists of the usage until then. */
export function checkUntoldOperations({ entries }: StreamStory): RemainderVerdict[] {
  return entries.flatMap((entry, index) => {
    const beginning = BEGINNINGS[entry.step]
    if (beginning === undefined || entry.isElsewhere) return []
    if (!isUntold(entry, beginning, entries.slice(0, index))) return []
    const message = `Notifications, but no .exists notification found before ${nameOf(entry.event)}: the usage until then is not reported.`
    const fault = { code: 'U0', message }
    return [{ kind: 'fault', existsType: existsTypeOf(entries), first: entry.event, fault }]
  })
}

function isUntold({ event }: Entry, beginning: Step, before: readonly Entry[]): boolean {
  const request = textOf(event, 'request_id')
  // An operation that began on the day before has its exists there.
  const hasBegun = before.some((one) => one.step === beginning && isOfRequest(one, request))
  const since = before.slice(before.findLastIndex((one) => SERVER.settling.includes(one.step)) + 1)
  const isTold = since.some((one) => one.step === 'exists' && !isWholePeriod(one.event))
  return hasBegun && !isTold
}

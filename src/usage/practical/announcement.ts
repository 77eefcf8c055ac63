import { textOf } from '../traits.ts'
import type { UsageCheck } from '../verdict.ts'
import { isWholePeriod } from './audit-period.ts'
import { ANNOUNCED } from './server.ts'
import { type Entry, isOfRequest, nameOf } from './stream-story.ts'

/** The outcome of checkAnnouncement. Both are undefined for an exists of a whole period. */
export type Announcement = { readonly warning: string | undefined; readonly check: UsageCheck | undefined }

/**
 * Warns of an exists of a partial period that nothing explains. Nova sends such an exists just before an
 * operation that changes the server. Its state_description names the task (`resize_prep`, `rebuilding`,
 * `shelving`, `rescuing`, `resize_reverting` …), and the notifications of the operation have the same
 * request.
 */
export function checkAnnouncement(
  { event: exists }: Entry,
  before: readonly Entry[],
  after: readonly Entry[],
): Announcement {
  if (isWholePeriod(exists)) return { warning: undefined, check: undefined }
  const task = textOf(exists, 'state_description')
  if (task !== undefined) return explained(`its state_description gives the reason: ${task}`)
  const request = textOf(exists, 'request_id')
  const operation =
    after.find((entry) => entry.step !== 'exists' && isOfRequest(entry, request)) ??
    sinceLastExists(before).findLast(({ step }) => ANNOUNCED.includes(step))
  if (operation) return explained(`it comes with ${nameOf(operation.event)}`)
  const warning = `Non-EOD .exists found (msg_id: ${exists.messageId}) with no operation event.`
  return { warning, check: { rule: 'immediate exists', outcome: 'fails', text: warning } }
}

function explained(text: string): Announcement {
  return { warning: undefined, check: { rule: 'immediate exists', outcome: 'holds', text } }
}

function sinceLastExists(before: readonly Entry[]): readonly Entry[] {
  return before.slice(before.findLastIndex(({ step }) => step === 'exists') + 1)
}

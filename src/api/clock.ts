import { type Hold, lowWatermark } from '../clock/low-watermark.ts'
import type { Micros } from '../domain/time.ts'
import { restDatetime } from '../formats/rest-form.ts'
import { type Operation, operation } from '../http/operation.ts'
import type { Watermarks } from '../store/ports/watermarks.ts'
import { noParams } from './params.ts'
import { clock as clockShape } from './shapes.ts'

/** How the event clock of a deployment is configured. */
export type ClockSettings = {
  readonly mode: 'auto' | 'wall' | 'time_sync'
  /** how long a queue that no consumer reads any more holds the clock, ms */
  readonly patienceMs: number
  /** the clock of this process, where all parts share one */
  readonly now?: (() => Micros) | undefined
}

/** Returns the operation of `/v1/clock`: what time it is for streams, and who holds it back. */
export function clockOperations(
  store: Pick<Watermarks, 'readReports'>,
  { mode, patienceMs, now = () => Date.now() * 1000 }: ClockSettings,
): Operation[] {
  return [
    operation({
      method: 'get',
      path: '/v1/clock',
      summary: 'the event clock, by which streams fire and expire, and who holds it back',
      query: noParams,
      params: noParams,
      answer: clockShape,
      problems: {},
      async run() {
        const wallNow = now()
        // The clock of a time service is known to that service only.
        const reports = mode === 'auto' ? await store.readReports() : []
        const { hold, holds } = lowWatermark(reports, { wallNow, patienceMs })
        return {
          clock: mode,
          now: mode === 'time_sync' ? null : restDatetime(Math.min(wallNow, hold?.at ?? wallNow)),
          follows: mode === 'time_sync' ? 'time service' : hold ? 'notifications' : 'wall clock',
          since: hold ? restDatetime(hold.since) : null,
          held_by: holds.map(shownHold),
        }
      },
    }),
  ]
}

function shownHold({ queue, consumer, why, at, since }: Hold) {
  return { queue, consumer, why, at: restDatetime(at), since: restDatetime(since) }
}

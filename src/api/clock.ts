import type { Hold } from '../clock/low-watermark.ts'
import { type ClockSettings, readClock } from '../clock/read-clock.ts'
import { restDatetime } from '../formats/rest-form.ts'
import { type Operation, operation } from '../http/operation.ts'
import type { Watermarks } from '../store/ports/watermarks.ts'
import { noParams } from './params.ts'
import { clock as clockShape } from './shapes.ts'

/** Returns the operation of `/v1/clock`: what time it is for streams, and who holds it back. */
export function clockOperations(
  store: Pick<Watermarks, 'readReports'>,
  settings: ClockSettings,
): Operation[] {
  return [
    operation({
      method: 'get',
      path: '/v1/clock',
      summary: 'the event clock, by which streams fire and expire, and who holds it back',
      query: noParams,
      params: noParams,
      answer: clockShape,
      httpProblems: {},
      async run() {
        const { mode, now, holds } = await readClock(store, settings)
        const [hold] = holds
        return {
          clock: mode,
          now: now === undefined ? null : restDatetime(now),
          follows: now === undefined ? 'time service' : hold ? 'notifications' : 'wall clock',
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

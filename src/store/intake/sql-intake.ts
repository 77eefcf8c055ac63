import type { Intake } from '../ports/intake.ts'
import type { SqlSession } from '../sql-session.ts'
import { insertDeadLetters, settleDeadLetter } from '../upkeep/dead-letters.ts'
import { encodeEvent } from './encode-event.ts'
import { insertEvents } from './insert-events.ts'
import { routeEvents } from './route-events.ts'
import { warmUp } from './warm-up.ts'

export function createSqlIntake({ context, transaction, query, lockWriter }: SqlSession): Intake {
  return {
    encode: (event) => encodeEvent(event, context),
    warmUp: (arrivals) => query(() => warmUp(context, arrivals)),
    async storeBatch({ arrivals, deadLetters, settles, reports }, router) {
      await query(() => context.eventTypes.ensure(arrivals.map(({ event }) => event.eventType)))
      const { events, deadLetterIds } = await transaction(async (tx) => {
        const current = await lockWriter(tx, reports)
        const inserted = arrivals.length > 0 ? await insertEvents(tx, current, arrivals) : []
        await routeEvents(tx, current, inserted, router, 0)
        if (settles !== undefined) await settleDeadLetter(tx, settles)
        return { events: inserted, deadLetterIds: await insertDeadLetters(tx, current, deadLetters) }
      })
      context.recentHashes.add(events.map(({ messageHash }) => messageHash))
      return { stored: events.length, duplicates: arrivals.length - events.length, deadLetterIds }
    },
  }
}

import { resolve } from 'node:path'
import { loadWholeConfig } from '../../src/config/load/load-config.ts'
import { decodeNotification } from '../../src/distiller/decode-notification.ts'
import { createDistiller } from '../../src/distiller/distiller.ts'
import type { Event } from '../../src/domain/event.ts'
import { TallyBook } from '../../src/domain/tally.ts'
import { createRouter } from '../../src/streams/router.ts'
import { recordedDay } from '../support/notifications.ts'
import { cpuSeconds } from './cpu-seconds.ts'
import { createBenchDatabase, drain, fillQueue, startBoth } from './drain.ts'
import { median, printFigure } from './figure.ts'
import { manyBodies } from './ingest/messages.ts'
import { withServers } from './servers.ts'

const CONFIG = resolve(import.meta.dirname, '../../config/yagi.conf')
const MESSAGES = 60_000
const ROUNDS = 31
/** Counts are stored so often; a consumer takes some ten thousand messages meanwhile. */
const STORED_EVERY = 50_000

/**
 * What it costs a consumer to count why events match triggers or do not: the time of a match with the counts less that
 * without, by turns in one process, as a share of the processor time of a consumer per message.
 */
export function benchReasons(): Promise<void> {
  return withServers(async (bench) => {
    const servers = await startBoth(bench)
    const database = await createBenchDatabase(servers, 'reasons')
    await fillQueue(servers.amqpUrl, manyBodies(MESSAGES))
    const { consumers } = await drain(database, MESSAGES, 1)
    const seconds = cpuSeconds(consumers.map(({ child }) => child.pid as number))
    await Promise.all(consumers.map((consumer) => consumer.stop()))
    const consumerNs = (seconds / MESSAGES) * 1e9
    const { triggers, events } = await recorded()
    const book = new TallyBook()
    const counting = createRouter(triggers, { tally: book })
    const plain = createRouter(triggers)
    let counted = 0
    const withCounts = (event: Event) => {
      counting.keysOf(event)
      if (++counted % STORED_EVERY === 0) book.take()
    }
    const rounds = Array.from({ length: ROUNDS }, () => ({
      with: nsPerEvent(events, withCounts),
      without: nsPerEvent(events, (event) => plain.keysOf(event)),
    }))
    const cost = median(rounds.map((one) => one.with - one.without))
    printFigure('reasons_of_ingest', cost / consumerNs, {
      goal: 0.02,
      cost_ns: Math.round(cost),
      match_ns: Math.round(median(rounds.map(({ without }) => without))),
      consumer_ns: Math.round(consumerNs),
      triggers: triggers.length,
    })
  })
}

async function recorded() {
  const { triggers, definitions } = await loadWholeConfig(CONFIG, {
    ...process.env,
    ...{ STACKTACH_AMQP_URL: 'memory:', STACKTACH_DATABASE_URL: 'mysql://127.0.0.1/none' },
  })
  const distiller = createDistiller(definitions, { catchAll: true })
  const events = recordedDay().lines.flatMap((line) => {
    const decoded = decodeNotification(Buffer.from(line))
    const distilled = decoded.ok ? distiller.distil(decoded.notification, 0) : undefined
    return distilled?.kind === 'event' ? [distilled.event] : []
  })
  return { triggers, events }
}

function nsPerEvent(events: readonly Event[], take: (event: Event) => void): number {
  const begun = process.hrtime.bigint()
  for (const event of events) take(event)
  return Number(process.hrtime.bigint() - begun) / events.length
}

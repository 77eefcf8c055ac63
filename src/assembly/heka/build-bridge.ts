import type { Broker } from '../../broker/broker.ts'
import { keptPublisher } from '../../broker/kept-publisher.ts'
import { readConfigText } from '../../config/documents/read-config-text.ts'
import { parseYamlDocument } from '../../config/documents/yaml-document.ts'
import { compileMapping, type Mapping } from '../../heka/bridge/mapping.ts'
import { Counters } from '../../heka/receivers/counters.ts'
import type { BRIDGE } from '../../heka/settings/programs.ts'
import type { ValuesOf } from '../../heka/settings/setting.ts'
import { positionText } from '../../heka/stream/position.ts'
import { startOf } from '../../heka/stream/start.ts'
import { streamSpec } from '../../heka/stream/stream-spec.ts'
import { DeadLetters } from '../../heka/subscriber/dead-letters.ts'
import type { PostOutcome } from '../../heka/subscriber/poster.ts'
import { Subscriber } from '../../heka/subscriber/subscriber.ts'
import { createGroup } from '../../runtime/lifecycle.ts'
import type { Logger } from '../../runtime/logger.ts'
import { Outage } from '../../runtime/outage.ts'
import { retry } from '../../runtime/retry.ts'
import { openHekaBroker } from './heka-broker.ts'
import { createStatsService } from './heka-stats.ts'
import { createReading, seatOf } from './seated-reading.ts'
import type { Reloadable } from './settings-reload.ts'

type Values = ValuesOf<(typeof BRIDGE)['settings']>

const BATCH_SIZE = 200
const BATCH_MS = 100
const PARALLEL = 4
const WAITS = { initialMs: 500, maxMs: 10_000 }
const LINE_FEED = 10

/** Builds what makes notifications of the messages of a stream. Its start rejects when the broker is not there. */
export async function buildBridge(
  values: Values,
  broker: Broker,
  logger: Logger,
): Promise<Reloadable<Values>> {
  let mapping = await loadMapping(values.mapping)
  const target =
    values.targetUrl === '' ? broker : await openHekaBroker({ ...values, natsUrl: values.targetUrl }, logger)
  const counters = new Counters()
  const openPublisher = () => broker.openPublisher()
  const spec = streamSpec(values.subject, values)
  const deadLetters = new DeadLetters(
    streamSpec(`${values.subject}.dead-letters`, values),
    openPublisher,
    logger,
  )
  const subscriber = new Subscriber({
    spec,
    start: startOf(values),
    matches: undefined,
    batchSize: BATCH_SIZE,
    batchTimeoutMs: BATCH_MS,
    parallel: PARALLEL,
    encode(view, writer, position) {
      const notification = mapping(view, `${values.subject}/${positionText(position)}`)
      if (notification !== undefined) writer.line(notification)
      return notification !== undefined
    },
    broker,
    openPublisher,
    post: publishing(target, values, logger),
    deadLetters,
    counters,
    logger,
  })
  const seat = seatOf(values, broker, subscriber, logger)
  if (seat) subscriber.useSeat(seat)
  const stats = createStatsService({
    address: values.statsAddress,
    counters,
    hindrance: () => target.hindrance(),
    gauges: {
      lag_messages: { help: 'messages of AMQP that are read and not done', read: () => subscriber.held },
    },
  })
  const reading = createReading(subscriber, seat, deadLetters, values, logger)
  const group = createGroup([...(stats ? [stats] : []), reading])
  return {
    start: () => group.start(),
    async stop() {
      await group.stop()
      if (target !== broker) await target.close()
    },
    live: ['mapping'],
    async take(next) {
      mapping = await loadMapping(next.mapping)
    },
  }
}

async function loadMapping(file: string): Promise<Mapping> {
  return compileMapping(parseYamlDocument(await readConfigText(file), file))
}

/** Returns what publishes lines, a notification each, until all of them are confirmed. */
function publishing(target: Broker, { exchange, routingKey }: Values, logger: Logger) {
  const outage = new Outage(logger, 'notifications are published again')
  const kept = keptPublisher(() => target.openPublisher())
  const publish = async (lines: Buffer) => {
    const publisher = await kept.opened()
    const sent: Promise<void>[] = []
    for (let from = 0, end = lines.indexOf(LINE_FEED); end >= 0; end = lines.indexOf(LINE_FEED, from)) {
      sent.push(publisher.publish({ exchange, routingKey }, lines.subarray(from, end)))
      from = end + 1
    }
    await Promise.all(sent)
  }
  return async (lines: Buffer, _: string, signal: AbortSignal): Promise<PostOutcome> => {
    try {
      await retry(() => publish(lines), { waits: WAITS, signal, outage })
      return { kind: 'delivered' }
    } catch (error) {
      if (signal.aborted) return { kind: 'stopped' }
      throw error
    }
  }
}

import type { Broker } from '../../broker/broker.ts'
import { positionText } from '../../heka/stream/position.ts'
import { Seat } from '../../heka/stream/seat.ts'
import type { DeadLetters } from '../../heka/subscriber/dead-letters.ts'
import type { Subscriber } from '../../heka/subscriber/subscriber.ts'
import type { Service } from '../../runtime/lifecycle.ts'
import type { Logger } from '../../runtime/logger.ts'
import { type BrokerValues, reachedInTime } from './heka-broker.ts'

/** Settings of who reads a stream under which name. */
export type ReadingValues = BrokerValues & {
  readonly clientId: string
  readonly subject: string
  readonly durable: string
  readonly qgroup: string
  readonly unsubscribe: boolean
}

/** Returns the seat of a group or of a durable name; undefined where there is neither. */
export function seatOf(
  values: ReadingValues,
  broker: Broker,
  subscriber: Subscriber,
  logger: Logger,
): Seat | undefined {
  const { qgroup, durable, clientId, subject } = values
  if (qgroup === '' && durable === '') return undefined
  const owner = qgroup === '' ? `client.${clientId}` : `group.${qgroup}`
  return new Seat({
    broker,
    openPublisher: () => broker.openPublisher(),
    queue: `${subject}.position.${owner}${durable === '' ? '' : `.${durable}`}`,
    isDurable: durable !== '',
    logger,
    onSeated: (position) => {
      const where = position
        ? `from ${positionText(position)} on; after a crash what came next may be sent again`
        : 'from the start'
      logger.info({}, `this process reads ${subject} ${where}`)
      void subscriber.readFrom(position)
    },
    onLost: () => {
      logger.warn({}, `another process may read ${subject} now; what is not done comes again`)
      void subscriber.leave()
    },
  })
}

/** Creates the service that reads a stream until it is stopped, and keeps its position where it has a seat. */
export function createReading(
  subscriber: Subscriber,
  seat: Seat | undefined,
  deadLetters: DeadLetters,
  values: ReadingValues,
  logger: Logger,
): Service {
  return {
    async start() {
      await reachedInTime(subscriber.start(), values)
      logger.info({ client: values.clientId }, `subscribed to ${values.subject}`)
    },
    async stop() {
      await subscriber.stop()
      if (values.unsubscribe && seat?.isSeated) await seat.store(null).catch(() => {})
      await seat?.stop()
      await deadLetters.close()
    },
  }
}

import type { Broker } from '../../broker/broker.ts'
import { Counters } from '../../heka/receivers/counters.ts'
import { createHttpReceiver, receiverRefusal } from '../../heka/receivers/http-receiver.ts'
import { Intake } from '../../heka/receivers/intake.ts'
import type { HTTP_RECEIVER } from '../../heka/settings/programs.ts'
import type { ValuesOf } from '../../heka/settings/setting.ts'
import { createHttpService } from '../../http/http-service.ts'
import { createGroup, type Service } from '../../runtime/lifecycle.ts'
import type { Logger } from '../../runtime/logger.ts'
import { reachedInTime } from './heka-broker.ts'
import { createStatsService } from './heka-stats.ts'
import { HOST, matcherOf, reporterOf, tlsOf, writerOf } from './receiver-parts.ts'
import type { Listening } from './run-heka.ts'
import type { Reloadable } from './settings-reload.ts'

type Values = ValuesOf<(typeof HTTP_RECEIVER)['settings']>

/** Builds the HTTP receiver. Where the broker is away at the start it refuses messages. */
export async function buildHttpReceiver(
  values: Values,
  broker: Broker,
  logger: Logger,
): Promise<Listening & Reloadable<Values>> {
  const intake = new Intake(matcherOf(values.matchSpec))
  const tls = await tlsOf(values)
  const counters = new Counters()
  const parts = { values, broker, counters, logger }
  const writer = writerOf(parts, { isPatient: false })
  const listener = createHttpReceiver({
    intake,
    publish: (bytes, from, end) => writer.publish(bytes, from, end),
    isBroken: () => writer.isBroken,
    connect: () => reachedInTime(writer.connect(), values),
    counters,
    mostMessageBytes: values.maxMessageSize,
  })
  const http = createHttpService(listener, values.bindAddress, 'BIND_ADDRESS', {
    refusals: receiverRefusal,
    mostConnections: values.maxConnections,
    mostPerAddress: values.maxConnectionsPerSender,
    tls,
  })
  const stats = createStatsService({
    address: values.statsAddress,
    counters,
    hindrance: () => writer.hindrance,
    gauges: {
      unconfirmed_bytes: { help: 'bytes the broker has not confirmed', read: () => writer.unconfirmedBytes },
    },
  })
  const reporter = reporterOf(parts, 'http-receiver', HOST)
  const publishing: Service = {
    async start() {
      // Its failure is logged; the breaker is open then.
      await reachedInTime(writer.start(), values).catch(() => {})
    },
    stop: () => writer.stop(),
  }
  const listening: Service = {
    async start() {
      await http.start()
      const { host, port } = http.address()
      logger.info(
        { client: values.clientId, subject: values.subject },
        `listening on ${tls ? 'https' : 'http'}://${host}:${port}`,
      )
    },
    stop: () => http.stop(),
  }
  const services = [publishing, ...(stats ? [stats] : []), ...(reporter ? [reporter] : []), listening]
  return {
    ...createGroup(services),
    address: () => http.address(),
    live: ['matchSpec'],
    async take(next) {
      const [matches, certificate] = [matcherOf(next.matchSpec), await tlsOf(next)]
      intake.use(matches)
      if (certificate) http.renew(certificate)
    },
  }
}

import type { IncomingMessage } from 'node:http'
import type { Broker } from '../../broker/broker.ts'
import type { QueueSpec } from '../../broker/queue-spec.ts'
import { anyHost } from '../../heka/settings/listen.ts'
import type { STATS_PROXY } from '../../heka/settings/programs.ts'
import type { ValuesOf } from '../../heka/settings/setting.ts'
import { EventFeed } from '../../heka/stats/event-feed.ts'
import { MessageSockets } from '../../heka/stats/message-sockets.ts'
import { createProxyApp } from '../../heka/stats/proxy-app.ts'
import { createHttpService } from '../../http/http-service.ts'
import { createGroup, type Service } from '../../runtime/lifecycle.ts'
import type { Logger } from '../../runtime/logger.ts'
import { readSecret } from '../../runtime/read-secret.ts'
import { isAmongDigests, tokenDigest } from '../../runtime/token-digest.ts'
import { processName } from '../daemon.ts'
import { reachedInTime } from './heka-broker.ts'
import type { Listening } from './run-heka.ts'
import type { Reloadable } from './settings-reload.ts'

type Values = ValuesOf<(typeof STATS_PROXY)['settings']>

const PREFETCH = 1000

/** Builds the statistics daemon. Its start rejects when the broker is not there. */
export async function buildStatsProxy(
  values: Values,
  broker: Broker,
  logger: Logger,
): Promise<Listening & Reloadable<Values>> {
  let digest = await digestOf(values)
  let { allowedOrigins } = values
  const feed = new EventFeed()
  const isAllowed = (origin: string | undefined) =>
    allowedOrigins.length === 0 || origin === undefined || allowedOrigins.includes(origin)
  const access = { feed, isAllowed, hasToken: (request: IncomingMessage) => isShown(request, digest) }
  const sockets = new MessageSockets({ ...access, mostClients: values.maxClients })
  const address = { host: values.httpHost || anyHost(), port: values.httpPort }
  const http = createHttpService(createProxyApp(access), address, 'HTTP_PORT', {
    refusals: 'text',
    onUpgrade: (request, socket, head) => sockets.upgrade(request, socket, head),
  })
  const listening: Service = {
    async start() {
      await http.start()
      const { host, port } = http.address()
      logger.info({}, `listening on ${host}:${port}`)
    },
    async stop() {
      sockets.close()
      await http.stop()
    },
  }
  const services = [following(broker, values, feed, logger), listening]
  return {
    ...createGroup(services),
    address: () => http.address(),
    live: ['tokenFile', 'allowedOrigins'],
    async take(next) {
      digest = await digestOf(next)
      allowedOrigins = next.allowedOrigins
    },
  }
}

/** Returns the digest of the token that requests must show; undefined where they need none. */
async function digestOf({ tokenFile }: Values): Promise<Buffer | undefined> {
  return tokenFile === '' ? undefined : tokenDigest(await readSecret(tokenFile))
}

/** Whether a request shows the token: as a bearer, or in its query, since pages cannot set headers of a websocket. */
function isShown({ headers, url = '' }: IncomingMessage, digest: Buffer | undefined): boolean {
  if (digest === undefined) return true
  const query = url.split('?')[1] ?? ''
  const given =
    headers.authorization?.replace(/^Bearer +/i, '') ?? new URLSearchParams(query).get('token') ?? ''
  return isAmongDigests([digest], tokenDigest(given))
}

/** Takes the events of a channel into a feed, from a queue that goes with this process. */
function following(broker: Broker, values: Values, feed: EventFeed, logger: Logger): Service {
  const spec: QueueSpec = {
    queue: processName(values.subChannel),
    bindings: [{ exchange: values.subChannel, routingKey: '' }],
    exchangeType: 'fanout',
    durable: false,
    autoDelete: true,
    exclusive: true,
    exchangeDurable: true,
    exchangeAutoDelete: false,
  }
  let close = async () => {}
  return {
    async start() {
      const begun = Promise.withResolvers<void>()
      const subscription = broker.subscribe(spec, {
        prefetch: PREFETCH,
        onDelivery: (delivery) => {
          feed.take(delivery.body)
          subscription.ackUpTo(delivery)
        },
        onReading: () => begun.resolve(),
        onLost: (reason) => logger.debug({}, `events are not read: ${reason}`),
      })
      close = () => subscription.close()
      await reachedInTime(begun.promise, values)
    },
    stop: () => close(),
  }
}

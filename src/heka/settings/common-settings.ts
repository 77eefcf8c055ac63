import { compileMatcher } from '../matcher/compile-matcher.ts'
import { duration, flag, form, text, whole } from './setting.ts'

/** Settings of all programs that use the broker. */
export const BROKER_SETTINGS = {
  natsUrl: text('address of the broker, amqp(s)://…; one that begins with nats:// gives way to BROKER_URL', {
    otherwise: 'nats://localhost:4222',
    isSecret: true,
  }),
  brokerUrl: text(
    'address of RabbitMQ, amqp(s)://USER:PASSWORD@HOST:PORT/VHOST; memory: is in this process',
    {
      otherwise: 'amqp://localhost:5672',
      isSecret: true,
    },
  ),
  brokerCaFile: text('certificate of the authority of the broker'),
  brokerCertFile: text('own certificate for the broker'),
  brokerKeyFile: text('key of this certificate'),
  brokerConnectTime: duration('longest wait for the broker at the start', { otherwise: '5s' }),
}

/** Settings of the stream of a subject. */
export const STREAM_SETTINGS = {
  streamMaxAge: form(
    'how long the stream of the subject keeps messages, in units Y, M, D, h, m, s',
    { otherwise: '7D' },
    'a number and Y, M, D, h, m or s',
    (age) => (/^(?:\d+[YMDhms])?$/.test(age) ? age : undefined),
  ),
  streamMaxMegabytes: whole('how much the stream of the subject keeps, MB; 0: no limit', {
    otherwise: '20480',
  }),
}

export const LOGGING_LEVEL = text('info, warn, error or debug', { otherwise: 'info' })

export const MATCH_SPEC = form(
  "expression of Heka's matcher that messages must pass; empty: all",
  {},
  'an expression',
  (spec) => {
    if (spec !== '') compileMatcher(spec)
    return spec
  },
)

/** Settings of the events that a program publishes about itself. */
export const EVENT_SETTINGS = {
  stats: flag('publish events for heka-stats', { otherwise: 'true' }, true),
  statsChannel: text('exchange of these events', { otherwise: 'stats-events' }),
}

/** Settings of TLS for those who connect. */
export const TLS_SETTINGS = {
  tlsCertFile: text('own certificate; with it TLS is spoken'),
  tlsKeyFile: text('key of this certificate'),
  tlsClientCaFile: text(
    'certificate of the authority that signs those of clients; with it they must show one',
  ),
}

/** Settings of both receivers. */
export const RECEIVER_SETTINGS = {
  clusterId: text('taken for compatibility, without effect', { otherwise: 'test-cluster' }),
  clientId: text('name of this receiver, for the log', { isRequired: true }),
  subject: text('subject whose stream takes the messages', { otherwise: 'lagermeister-test' }),
  matchSpec: MATCH_SPEC,
  connectHoldDown: duration('least time between two attempts to reach a broker that is away', {
    otherwise: '10s',
  }),
  gatherTime: duration('longest wait for more messages to send to the broker together', { otherwise: '5ms' }),
  windowMegabytes: whole('most messages that the broker has not confirmed, MB', {
    otherwise: '16',
    min: 1,
    max: 1024,
  }),
  ...EVENT_SETTINGS,
}

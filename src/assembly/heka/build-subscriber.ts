import { setTimeout as delay } from 'node:timers/promises'
import type { Broker } from '../../broker/broker.ts'
import { ConfigError } from '../../domain/errors.ts'
import { Counters } from '../../heka/receivers/counters.ts'
import type { SUBSCRIBER } from '../../heka/settings/programs.ts'
import type { ValuesOf } from '../../heka/settings/setting.ts'
import { LagGauge } from '../../heka/stats/lag-gauge.ts'
import { OffsetLag } from '../../heka/stats/offset-lag.ts'
import { StatsReporter } from '../../heka/stats/reporter.ts'
import { startOf } from '../../heka/stream/start.ts'
import { streamSpec } from '../../heka/stream/stream-spec.ts'
import { DeadLetters } from '../../heka/subscriber/dead-letters.ts'
import { createLineEncoder } from '../../heka/subscriber/line-encoder.ts'
import { parseLineFields } from '../../heka/subscriber/line-fields.ts'
import { Poster, type PosterOptions, type PostOutcome } from '../../heka/subscriber/poster.ts'
import { Subscriber } from '../../heka/subscriber/subscriber.ts'
import { createGroup } from '../../runtime/lifecycle.ts'
import type { Logger } from '../../runtime/logger.ts'
import { readSecret } from '../../runtime/read-secret.ts'
import { splitCredentials } from '../../text/url-credentials.ts'
import { createStatsService } from './heka-stats.ts'
import { HOST, matcherOf } from './receiver-parts.ts'
import { createReading, seatOf } from './seated-reading.ts'
import type { Reloadable } from './settings-reload.ts'

type Values = ValuesOf<(typeof SUBSCRIBER)['settings']>

/** What a subscriber takes while it runs. */
const LIVE = [
  'matchSpec',
  'fields',
  'dynamicFields',
  'remoteUrl',
  'authorizationFile',
  'compression',
  'requestTimeout',
  'retryTime',
] as const

/** Bounds of the pause in place of a POST, ms. */
const STUB_MS = [50, 700] as const

/** Builds the subscriber. Its start rejects when the broker is not there. */
export async function buildSubscriber(
  values: Values,
  broker: Broker,
  logger: Logger,
): Promise<Reloadable<Values>> {
  const counters = new Counters()
  const lag = new LagGauge()
  const poster = new Poster(await posterOptions(values, counters, logger))
  let lines = linesOf(values)
  const openPublisher = () => broker.openPublisher()
  const reporter = values.stats
    ? new StatsReporter({ openPublisher, channel: values.statsChannel, logger, read: () => lag.events() })
    : undefined
  const deadLetters = new DeadLetters(
    streamSpec(values.deadLetters || `${values.subject}.dead-letters`, values),
    openPublisher,
    logger,
  )
  const spec = streamSpec(values.subject, values)
  const subscriber = new Subscriber({
    spec,
    start: startOf(values),
    encode(view, writer) {
      lines.write(view, writer)
      return true
    },
    matches: (view) => lines.matches?.(view) ?? true,
    batchSize: values.batchSize,
    batchTimeoutMs: values.batchTimeout,
    parallel: values.parallelPosts,
    broker,
    openPublisher,
    post: values.stubHttp ? stubPost : (lines, id, signal) => poster.post(lines, id, signal),
    deadLetters,
    counters,
    logger,
    onEncoded: (timestamp) => lag.encoded(timestamp),
    onDelivered: (count) => {
      for (const event of batchEvents(count)) reporter?.report(event)
    },
  })
  const offsetLag = new OffsetLag({ broker, spec, next: () => subscriber.nextOffset })
  const seat = seatOf(values, broker, subscriber, logger)
  if (seat) subscriber.useSeat(seat)
  const stats = createStatsService({
    address: values.statsAddress,
    counters,
    hindrance: () => poster.hindrance,
    gauges: {
      lag_seconds: { help: 'age of the latest message when it was encoded', read: () => lag.seconds },
      lag_offsets: {
        help: 'messages of AMQP that are not done, to the end of the stream at the last look',
        read: () => offsetLag.messages,
      },
      lag_messages: { help: 'messages of AMQP that are read and not done', read: () => subscriber.held },
      waiting_batches: { help: 'batches that are not done', read: () => subscriber.waiting },
    },
  })
  const services = [
    ...(stats ? [stats] : []),
    ...(reporter ? [reporter] : []),
    createReading(subscriber, seat, deadLetters, values, logger),
    ...(stats ? [offsetLag] : []),
  ]
  return {
    ...createGroup(services),
    live: LIVE,
    async take(next) {
      const [nextLines, options] = [linesOf(next), await posterOptions(next, counters, logger)]
      lines = nextLines
      poster.use(options)
    },
  }
}

/** Returns which messages are posted, and how their lines are written. */
function linesOf({ fields, dynamicFields, matchSpec }: Values) {
  return {
    matches: matcherOf(matchSpec),
    write: createLineEncoder({ fields: parseLineFields(fields), dynamicFields }),
  }
}

async function posterOptions(values: Values, counters: Counters, logger: Logger): Promise<PosterOptions> {
  const { bare, authorization } = splitCredentials(values.remoteUrl)
  const { authorizationFile: file } = values
  const own = file === '' ? authorization : await readHeader(file)
  return {
    url: bare.href,
    headers: own === undefined ? {} : { Authorization: own },
    isPacked: values.compression === 'gzip',
    timeoutMs: values.requestTimeout,
    retryMs: values.retryTime,
    logger,
    onAttempt: (outcome) => counters.add(outcome === 'delivered' ? 'postCount' : 'failedPostCount'),
  }
}

/** Reads the value of a header. Rejects with ConfigError where no header can carry it. */
async function readHeader(file: string): Promise<string> {
  const value = await readSecret(file)
  if (/[^\t -~]/.test(value))
    throw new ConfigError(`${file} holds more than one line of ASCII, and no header can carry that`)
  return value
}

async function stubPost(): Promise<PostOutcome> {
  const [least, most] = STUB_MS
  await delay(least + Math.random() * (most - least))
  return { kind: 'delivered' }
}

function batchEvents(count: number) {
  const common = { Threshold: null, SourceIP: HOST }
  return [
    { ...common, Value: 1, Sender: 'sumologic-publisher', MetricType: 'BatchCount', Aggregate: 'Total' },
    { ...common, Value: count, Sender: 'http-output', MetricType: 'BatchSize', Aggregate: 'Average' },
    { ...common, Value: count, Sender: 'http-output', MetricType: 'Throughput', Aggregate: 'Total' },
  ]
}

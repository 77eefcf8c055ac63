import { DEFAULT_LINE_FIELDS, parseLineFields } from '../subscriber/line-fields.ts'
import {
  BROKER_SETTINGS,
  EVENT_SETTINGS,
  LOGGING_LEVEL,
  MATCH_SPEC,
  RECEIVER_SETTINGS,
  STREAM_SETTINGS,
  TLS_SETTINGS,
} from './common-settings.ts'
import { parseGoDuration } from './go-duration.ts'
import { bindAddress, servedAddress } from './listen.ts'
import { duration, flag, form, list, type Setting, text, unsigned, whole } from './setting.ts'

/** What programs serve about themselves. */
const HEALTH = '/health, /metrics and /debug/vars'

/** The name of a position. One that looks as if it switched something on is refused. */
function durable(otherwise = ''): Setting<string> {
  return form('name under which the position is kept', { otherwise }, 'a name, not a switch', (name) =>
    /^(?:true|false)$/i.test(name) ? undefined : name,
  )
}

/** Settings of the TCP receiver. */
export const TCP_RECEIVER = {
  prefix: 'TCPRCVR',
  settings: {
    bindAddress: bindAddress(':35000'),
    statsAddress: servedAddress(HEALTH, ':34999'),
    ...RECEIVER_SETTINGS,
    listenCount: whole('taken for compatibility; 0 serves nobody', { otherwise: '20' }),
    loggingLevel: LOGGING_LEVEL,
    keepalive: flag('whether TCP keep-alive is on; true where empty', {}, true),
    keepaliveduration: duration('silence before a keep-alive probe; 30s where empty', {}, 30_000),
    maxMessageSize: whole('largest message, bytes', { otherwise: '65536', min: 1, max: 2 ** 27 }),
    signersFile: text('file with lines SIGNER_VERSION KEY, readable by its owner alone'),
    requireSignature: flag('whether messages without a signature are rejected', { otherwise: 'false' }),
    skipSignature: flag('whether no signature is checked', { otherwise: 'false' }),
    maxConnections: whole('most connections', { otherwise: '10000', min: 1 }),
    maxConnectionsPerSender: whole('most connections of one address; 0: no limit', { otherwise: '0' }),
    maxRatePerSender: whole('most messages a second of one address, which then waits; 0: no limit', {
      otherwise: '0',
    }),
    ...TLS_SETTINGS,
    idleTime: duration('silence after which a connection is closed; 0s: never', { otherwise: '0s' }),
    ...BROKER_SETTINGS,
    ...STREAM_SETTINGS,
  },
}

/** Settings of the HTTP receiver. */
export const HTTP_RECEIVER = {
  prefix: 'RCVR',
  settings: {
    bindAddress: bindAddress(':35001'),
    ...RECEIVER_SETTINGS,
    loggingLevel: LOGGING_LEVEL,
    maxMessageSize: whole('largest message, bytes', { otherwise: '21504', min: 1, max: 2 ** 27 }),
    maxConnections: whole('most connections', { otherwise: '2000', min: 1 }),
    maxConnectionsPerSender: whole('most connections of one address', { otherwise: '500', min: 1 }),
    ...TLS_SETTINGS,
    statsAddress: servedAddress('/metrics'),
    ...BROKER_SETTINGS,
    ...STREAM_SETTINGS,
  },
}

/** Settings of where a subscriber begins that has no position of its own. */
const START_SETTINGS = {
  startSeq: unsigned('begin at this message, from 1; 0: not'),
  startDelta: form<number | null>(
    'begin with messages of so long ago, such as 1h',
    {},
    'a duration such as 1h',
    (text) => (text === '' ? null : parseGoDuration(text)),
  ),
  deliverAll: flag('begin with the oldest message that is kept'),
  deliverLast: flag('begin with the last message'),
}

/** Settings of the subscriber. */
export const SUBSCRIBER = {
  prefix: 'SUB',
  settings: {
    clusterId: text('taken for compatibility, without effect', { otherwise: 'test-cluster' }),
    clientId: text('name of this subscriber, to which its durable names belong', { isRequired: true }),
    ...START_SETTINGS,
    durable: durable(),
    qgroup: text('group of subscribers, of which each message goes to one'),
    unsubscribe: flag('forget the durable name at the end'),
    subject: text('subject whose stream is read', { isRequired: true }),
    stubHttp: flag('post nothing; a batch takes 50 to 700 ms', { otherwise: 'false' }),
    remoteUrl: form(
      'URL that batches are posted to',
      { isRequired: true, isSecret: true },
      'a URL that begins with http:// or https://',
      (url) => (/^https?:\/\//i.test(url) && URL.canParse(url) ? url : undefined),
    ),
    loggingLevel: LOGGING_LEVEL,
    statsAddress: servedAddress(HEALTH, ':35002'),
    batchTimeout: duration('longest time of a message in a batch that is not full', { otherwise: '10s' }),
    batchSize: whole('messages of a batch', { otherwise: '100' }),
    fields: list('keys of a line, in order', { otherwise: DEFAULT_LINE_FIELDS.join(',') }, parseLineFields),
    dynamicFields: list('names of the fields that are written; all where empty'),
    matchSpec: MATCH_SPEC,
    parallelPosts: whole('most batches that are posted at a time', { otherwise: '25', min: 1, max: 1000 }),
    requestTimeout: duration('longest time of one POST', { otherwise: '10s' }),
    retryTime: duration('how long a batch is tried again before it is a dead letter; 0s: for ever', {
      otherwise: '10m',
    }),
    compression: form('gzip, or none', { otherwise: 'none' }, 'gzip or none', (text) =>
      /^(?:none|gzip|)$/.test(text) ? text : undefined,
    ),
    deadLetters: text('subject of batches that were refused; SUBJECT.dead-letters where empty'),
    authorizationFile: text('file with the value of the Authorization header, readable by its owner alone'),
    ...EVENT_SETTINGS,
    ...BROKER_SETTINGS,
    ...STREAM_SETTINGS,
  },
}

/** Settings of the statistics daemon. */
export const STATS_PROXY = {
  prefix: 'PROXY',
  settings: {
    httpPort: whole('port to listen on', { otherwise: '9010', max: 65_535 }),
    httpHost: text('host to listen on; empty: all addresses of this machine'),
    subChannel: text('exchange of the events', { otherwise: 'stats-events' }),
    allowedOrigins: list('origins that may connect; all where empty'),
    tokenFile: text('file with the token that clients must send, readable by its owner alone'),
    maxClients: whole('most connections of /messages', { otherwise: '500', min: 1 }),
    ...BROKER_SETTINGS,
  },
}

/** Settings of what makes notifications of messages. */
export const BRIDGE = {
  prefix: 'BRIDGE',
  settings: {
    clientId: text('name of this bridge, to which its durable names belong', { isRequired: true }),
    subject: text('subject whose stream is read', { isRequired: true }),
    mapping: text('YAML file with the rules by which messages become notifications', { isRequired: true }),
    exchange: text('exchange that notifications are published to; empty: the queue that ROUTING_KEY names'),
    routingKey: text('routing key of the notifications', { otherwise: 'monitor.info' }),
    targetUrl: text('address of the broker of the notifications; that of the stream where empty', {
      isSecret: true,
    }),
    ...START_SETTINGS,
    durable: durable('bridge'),
    qgroup: text('group of bridges, of which each message goes to one'),
    unsubscribe: flag('forget the durable name at the end'),
    loggingLevel: LOGGING_LEVEL,
    statsAddress: servedAddress(HEALTH),
    ...BROKER_SETTINGS,
    ...STREAM_SETTINGS,
  },
}

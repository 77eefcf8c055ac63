import { APPS } from '../../consumer/apps/app-registry.ts'
import { SHOEBOX_SCHEMA, WINCHESTER_SCHEMA } from '../../consumer/apps/consumer-steps.ts'
import type { SectionSchema } from '../../text/section-schema.ts'

const unused = (type: 'string' | 'boolean' | 'number' | 'integer' | 'array', description: string) =>
  ({ type, description, deprecated: true }) as const

/** Keys of [global]. */
const GLOBAL = {
  update_timer: {
    type: 'number',
    minimum: 1,
    description:
      'seconds between two lines of statistics in the log; statistics_period of winchester.yaml unless given',
  },
  dead_letters: {
    type: 'string',
    format: 'path',
    description:
      'where no winchester.yaml is named: file of the dead letters; `dead-letters.sqlite` in the working_directory of the archive unless given, or beside this file',
  },
  verbose: unused('boolean', 'the level is log_level of winchester.yaml or --log-level'),
  debug: unused('boolean', 'the same'),
} as const satisfies SectionSchema

/** Keys of [rabbit_broker]. */
const BROKER = {
  url: {
    type: 'string',
    description:
      '`amqp(s)://USER:PASSWORD@HOST[:PORT][,…]/VHOST`, in place of the six keys below; `memory:` is a broker in this process',
  },
  host: {
    type: 'array',
    description: 'HOST or HOST:PORT (`localhost` unless given); several are used in turn',
  },
  port: { type: 'integer', default: 5672, minimum: 1, description: 'port of hosts that name none' },
  user: { type: 'string', default: 'guest', description: 'account' },
  password: { type: 'string', default: 'guest', description: 'its password' },
  vhost: { type: 'string', default: '/', description: 'virtual host' },
  ssl: { type: 'boolean', default: false, description: 'TLS: amqps' },
  ca_file: { type: 'string', description: 'authorities that the certificate of the broker is checked by' },
  cert_file: { type: 'string', description: 'certificate of this client' },
  key_file: { type: 'string', description: 'key of that certificate' },
  management_url: {
    type: 'string',
    description:
      "`http(s)://[USER:PASSWORD@]HOST:PORT` of RabbitMQ's management plugin, for `check --connect`",
  },
  batch_size: {
    type: 'integer',
    default: 500,
    minimum: 1,
    description: 'most messages of one database transaction',
  },
  batch_ms: { type: 'number', default: 20, description: 'longest wait for a batch to fill, ms' },
  prefetch: {
    type: 'integer',
    minimum: 1,
    description:
      'most messages that are delivered and not yet acknowledged; four batches unless given, 65535 at most',
  },
  max_message_mb: { type: 'number', default: 16, description: 'larger messages become dead letters, MB' },
  reconnect_delay: {
    type: 'number',
    default: 5,
    description: 'first pause before a lost connection is made again, s',
  },
  max_wait: {
    type: 'number',
    default: 600,
    minimum: 1,
    description: 'longest pause; each is twice as long as the one before, s',
  },
  poll_delay: unused('number', 'messages come when they are there'),
  max_connection_age: unused('number', 'a connection lives as long as it works'),
  exchange_name: unused('string', 'the exchange is a key of [consumer:QUEUE]'),
} as const satisfies SectionSchema

/** Keys of [logging]. */
const LOGGING = {
  logfile: {
    type: 'string',
    default: '',
    description:
      'file that the log of `stv3 consume` and `up` is appended to, relative to this file; log_file of winchester.yaml unless given',
  },
  default_level: {
    type: 'string',
    default: '',
    description: 'level of that log; log_level of winchester.yaml unless given',
  },
  config_file: {
    type: 'string',
    default: '',
    description:
      "file of Python's logging, of which level and file of the root logger are taken before those of the other two keys",
  },
} as const satisfies SectionSchema

/** Keys of [consumers]. */
const CONSUMERS = {
  queues: { type: 'array', description: 'names of the queues to read; each has a section [consumer:QUEUE]' },
} as const satisfies SectionSchema

/** Keys of [consumer:QUEUE]. */
const CONSUMER = {
  apps: { type: 'array', description: 'what messages are given to, in order: see docs/apps.md' },
  max_messages: {
    type: 'integer',
    default: 0,
    description: 'most messages of one batch of this queue; 0: batch_size of [rabbit_broker]',
  },
  exchange: {
    type: 'array',
    description: 'exchanges that the queue is bound to; without any it is not bound',
  },
  exchange_type: { type: 'string', default: 'topic', description: 'type of the exchanges' },
  routing_key: {
    type: 'string',
    description: 'keys that the queue is bound by, with commas; the name of the queue unless given',
  },
  durable: { type: 'boolean', default: true, description: 'the queue outlives the broker' },
  auto_delete: { type: 'boolean', default: false, description: 'the queue goes with its last consumer' },
  exchange_durable: { type: 'boolean', description: 'of the exchanges; as the queue unless given' },
  exchange_auto_delete: { type: 'boolean', description: 'of the exchanges; as the queue unless given' },
  passive: {
    type: 'boolean',
    default: false,
    description: "the queue is somebody else's: it is waited for, never made, bound or changed",
  },
  exchange_passive: {
    type: 'boolean',
    description:
      "the exchanges are somebody else's: they are waited for, never made; as passive unless given",
  },
  queue_type: {
    type: 'string',
    default: '',
    description: '`classic`, `quorum` or `stream`; the broker decides unless given',
  },
  queue_arguments: {
    type: 'array',
    description: 'further arguments of the declaration: `x-message-ttl: 86400000, x-max-length: 100000`',
  },
  stream_offset: {
    type: 'string',
    description:
      'where reading a stream begins: `first`, `last`, `next`, an offset or an ISO 8601 time; `first` unless given',
  },
} as const satisfies SectionSchema

/** The sections from which the reader of yagi.conf takes values. */
export const YAGI = {
  GLOBAL,
  BROKER,
  CONSUMERS,
  CONSUMER,
  LOGGING,
  SHOEBOX: SHOEBOX_SCHEMA,
  WINCHESTER: WINCHESTER_SCHEMA,
}

/** The sections of filters, with entries `APP = event types`. */
export const FILTER_SECTIONS = {
  filters: 'only these event types reach the app',
  exclude_filters: 'all but these reach it',
  discard_filters: 'the same as exclude_filters',
}

/** All sections by kind: `consumer` is [consumer:QUEUE]; those of apps may also be [APP:QUEUE]. */
export const YAGI_SECTIONS: { readonly [section: string]: SectionSchema } = {
  global: GLOBAL,
  rabbit_broker: BROKER,
  consumers: CONSUMERS,
  consumer: CONSUMER,
  ...Object.fromEntries(
    Object.values(APPS.entries).flatMap(({ kind, schema }) =>
      Object.keys(schema).length > 0 ? [[kind, schema]] : [],
    ),
  ),
  handler_auth: {
    user: { type: 'string', description: 'user of [atompub] and [cufpub] that name none' },
    key: { type: 'string', description: 'its password or API key' },
    auth_server: { type: 'string', description: 'auth_server of [atompub] and [cufpub] that name none' },
    validate_ssl: { type: 'boolean', default: true, description: 'certificates are always checked' },
    method: unused('string', 'what is given decides'),
  },
  event_feed: {
    atom_categories: { type: 'array', description: '`REGION=…, DATACENTER=…` of usage that is posted' },
    feed_title: unused('string', 'the server of feeds is not part of this'),
    feed_host: unused('string', 'the same'),
    use_https: unused('boolean', 'the same'),
    port: unused('integer', 'the same'),
    entries_per_page: unused('integer', 'the same'),
  },
  event_worker: {
    pidfile: unused('string', 'daemons run in the foreground'),
    daemonize: unused('boolean', 'the same'),
    event_driver: unused('string', 'the broker is RabbitMQ'),
  },
  logging: LOGGING,
}

/** Keys of quincy.conf. */
export const QUINCY_SECTIONS: { readonly [section: string]: SectionSchema } = {
  quince: {
    winchester_config: { type: 'string', format: 'path', required: true, description: 'the winchester.yaml' },
  },
  global: {
    enabled_versions: unused('array', 'version 1 is served'),
    v1_impl: unused('string', 'there is one implementation'),
    v2_impl: unused('string', 'the same'),
  },
}

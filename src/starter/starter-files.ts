import { winchesterSchema } from '../config/schemas/winchester-schema.ts'
import { YAGI } from '../config/schemas/yagi-schema.ts'
import { commentedSection } from './commented-ini.ts'
import { commentedKeys } from './commented-yaml.ts'
import { PLAIN_FILES } from './plain-files.ts'
import { type Service, SHIPPED } from './services.ts'
import { pickPipelines, pickTriggers, withoutSchemaLine } from './shipped-parts.ts'

/** A file of a starter configuration. */
export type StarterFile = {
  /** path below the folder of the configuration */
  readonly path: string
  readonly text: string
  /** permissions: 0600 where secrets belong into the file */
  readonly mode: number
}

/** Reads a file of the shipped configuration by its path there. */
export type ReadShipped = (path: string) => string

const OPEN = 0o644
const SECRET = 0o600

/**
 * Returns the files of a starter configuration for a service. `stv3 check` finds nothing in them, and they run with what
 * their environment names: RabbitMQ and MariaDB, or an SQLite file as long as there is none.
 */
export function starterFiles(service: Service, readShipped: ReadShipped): StarterFile[] {
  return [
    { path: 'yagi.conf', text: yagiConf(service), mode: OPEN },
    { path: 'winchester.yaml', text: winchesterYaml(), mode: OPEN },
    ...rulesOf(service, readShipped).map((file) => ({ ...file, mode: OPEN })),
    { path: 'stacktach.env', text: ENVIRONMENT, mode: SECRET },
  ]
}

type Rules = Pick<StarterFile, 'path' | 'text'>

function rulesOf(service: Service, readShipped: ReadShipped): Rules[] {
  if (service === 'plain') return Object.entries(PLAIN_FILES).map(([path, text]) => ({ path, text }))
  const { pack, triggers, pipelines } = SHIPPED[service]
  return [
    { path: pack, text: withoutSchemaLine(readShipped(pack)) },
    { path: 'event_definitions.yaml', text: definitionsYaml(pack) },
    { path: 'triggers.yaml', text: TRIGGERS_HEAD + pickTriggers(readShipped(triggers.file), triggers.names) },
    {
      path: 'pipelines.yaml',
      text: PIPELINES_HEAD + pickPipelines(readShipped('pipelines.yaml'), pipelines),
    },
  ]
}

function definitionsYaml(pack: string): string {
  return `# Which traits become of which notifications: docs/event-definitions.md. The last definition that matches is used.
- include: ${pack}
# Your own definitions go here, for example
#   - event_type: compute.instance.create.end
#     traits:
#       display_name: {fields: payload.display_name}
`
}

const TRIGGERS_HEAD =
  '# Which events belong together, and when their story is complete: docs/configuration.md.\n\n'
const PIPELINES_HEAD =
  '# What is done with the events of a stream: handlers in order, then the commit of each (docs/handlers.md).\n\n'

const HEAD = `\${NAME:-text} is taken from the environment, with the text where NAME is not set: see stacktach.env.`

function yagiConf(service: Service): string {
  const isPlain = service === 'plain'
  const [first = '', ...others] = QUEUES[service]
  const apps = 'ShoeboxHandler, WinchesterHandler'
  const own = { apps, exchange: 'events', routing_key: '#' }
  const theirs = { apps, passive: 'True' }
  return `${[
    `; The consumer: where ${isPlain ? 'messages' : 'notifications'} come from, and what is done with each.\n; ${HEAD}`,
    commentedSection('rabbit_broker', YAGI.BROKER, {
      url: '${STACKTACH_AMQP_URL:-amqp://guest:guest@localhost:5672/}',
    }),
    commentedSection('consumers', YAGI.CONSUMERS, { queues: QUEUES[service].join(', ') }),
    `${isPlain ? OWN_QUEUE : PASSIVE_QUEUES}
${commentedSection(`consumer:${first}`, YAGI.CONSUMER, isPlain ? own : theirs)}`,
    ...others.map((queue) => `[consumer:${queue}]\napps = ${apps}\npassive = True`),
    `; Every raw message, one a line. Files are readable by their owner only: messages may carry tokens.
${commentedSection('shoebox', YAGI.SHOEBOX, { working_directory: '${STACKTACH_DATA:-data}/archive' })}`,
    commentedSection('winchester', YAGI.WINCHESTER, { config_file: 'winchester.yaml' }),
    commentedSection('global', YAGI.GLOBAL, {}),
  ].join('\n\n')}\n`
}

/** Failed calls come to the queues of errors and nowhere else; Nova may send versioned notifications too. */
const THEIRS = ['notifications.info', 'notifications.error']
const QUEUES: { readonly [service in Service]: readonly string[] } = {
  nova: [...THEIRS, 'versioned_notifications.info', 'versioned_notifications.error'],
  cinder: THEIRS,
  neutron: THEIRS,
  plain: ['stacktach'],
}

const OWN_QUEUE =
  '; A queue of our own. It is made and bound to the exchange, which is made too where it is missing.'
const PASSIVE_QUEUES = `; The queues that the services of OpenStack make. Whoever reads them takes the messages away from all other readers;
; docs/connecting.md says how to read copies instead.`

function winchesterYaml(): string {
  return `# The engine: database, files of the rules, worker, API.
# ${HEAD}

${commentedKeys(winchesterSchema, {
  database: '\n  url: ${STACKTACH_DATABASE_URL:-sqlite:data/stacktach.db}',
  distiller_config: 'event_definitions.yaml',
  trigger_definitions: 'triggers.yaml',
  pipeline_config: 'pipelines.yaml',
  pipeline_worker_delay: '1',
  purge_completed_streams: 'false',
  log_level: '${STACKTACH_LOG_LEVEL:-info}',
  status: '127.0.0.1:9101-9109',
})}
`
}

const ENVIRONMENT = `# What the configuration takes from the environment, passwords above all. Nobody but the owner may read this file.
# In a shell: set -a; . ./stacktach.env; set +a
# In a unit of systemd: EnvironmentFile=

#STACKTACH_AMQP_URL=amqp://USER:PASSWORD@HOST:5672/VHOST
# Without it an SQLite file in the folder data.
#STACKTACH_DATABASE_URL=mysql://USER:PASSWORD@HOST/NAME
# The folder of the archive.
#STACKTACH_DATA=/var/lib/stacktach
#STACKTACH_LOG_LEVEL=info
# Bearer tokens of the API; it serves other machines only with one.
#STACKTACH_READ_TOKEN=
#STACKTACH_WRITE_TOKEN=
`

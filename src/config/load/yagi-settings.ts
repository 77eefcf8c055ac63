import type { QueueSpec } from '../../broker/queue-spec.ts'
import { isModulePath } from '../../runtime/load-class.ts'
import type { IniReader } from '../documents/ini-reader.ts'
import { type AppSettings, checkFilterNames, FILTER_SECTIONS, readApps } from './app-settings.ts'
import { QUEUE_KEYS, readQueueSpec } from './queue-settings.ts'
import { brokerUrlFault, unusedOfBrokerUrl } from './server-url.ts'

/** How to reach the broker and how much to take at a time. */
export type BrokerSettings = {
  /** `amqp(s)://…`, of one broker or of several that are used in turn, or `memory:` for the one in this process */
  readonly url: string
  /** most messages that are delivered and not yet acknowledged */
  readonly prefetch: number
  /** most messages that one transaction stores */
  readonly batchSize: number
  /** longest wait for a batch to fill, ms */
  readonly batchMs: number
  /** first wait before a lost connection is made again, ms */
  readonly reconnectMs: number
  /** longest such wait, ms */
  readonly maxReconnectMs: number
  /** larger messages become dead letters */
  readonly maxMessageBytes: number
  readonly caFile: string | undefined
  readonly certFile: string | undefined
  readonly keyFile: string | undefined
  /** `http(s)://…` of RabbitMQ's management plugin, which tells what AMQP does not */
  readonly managementUrl: string | undefined
}

/** A queue to read. */
export type QueueSettings = QueueSpec & {
  /** most messages of one batch; undefined takes that of the broker */
  readonly maxMessages: number | undefined
  readonly apps: readonly AppSettings[]
  /** undefined: its raw notifications are not kept */
  readonly archive: ArchiveSettings | undefined
}

/** Where raw notifications are kept, and when a new file begins. */
export type ArchiveSettings = {
  /** files that are being written */
  readonly workingDirectory: string
  /** files that are complete */
  readonly destinationFolder: string
  /** strftime parts; a new file each time */
  readonly filenameTemplate: string
  readonly rollBytes: number
  readonly rollMinutes: number
}

export type YagiSettings = {
  readonly winchesterConfig: string | undefined
  /** time between statistics in the log; undefined: as winchester.yaml says */
  readonly statisticsMs: number | undefined
  readonly broker: BrokerSettings
  readonly queues: readonly QueueSettings[]
}

const BROKER_KEYS =
  'host user password port vhost ssl poll_delay reconnect_delay max_wait max_connection_age exchange_name url prefetch batch_size batch_ms max_message_mb ca_file cert_file key_file management_url'
const SHOEBOX_KEYS =
  'working_directory destination_folder filename_template roll_manager roll_checker roll_size_mb roll_minutes callback callback_list new_extension wrap_payload_with_region wrap_region wrap_cell'
const PUBLISHER_KEYS =
  'url validate_ssl generate_entity_links retries interval max_wait timeout failures_before_reauth auth_server user key region data_center'

const KNOWN: { readonly [section: string]: readonly string[] } = Object.fromEntries(
  Object.entries({
    global: 'verbose debug update_timer',
    event_worker: 'pidfile daemonize event_driver',
    rabbit_broker: BROKER_KEYS,
    logging: 'logfile default_level config_file',
    consumers: 'queues',
    consumer: `apps ${QUEUE_KEYS} max_messages`,
    winchester: 'config_file',
    shoebox: SHOEBOX_KEYS,
    atompub: PUBLISHER_KEYS,
    cufpub: PUBLISHER_KEYS,
    elasticsearch: 'elasticsearch_host region distiller_config index',
    handler_auth: 'method user key auth_server validate_ssl',
    event_feed: 'feed_title feed_host use_https port atom_categories entries_per_page',
  }).map(([section, keys]) => [section, keys.split(' ')]),
)

/** Sections that old files have and nothing reads any more. */
const RETIRED = ['oahu', 'redis', 'pubsubhubbub', 'hub', 'persistence', 'nova']
/** Keys that old files have, by section, and that change nothing here. */
const UNUSED = {
  global: 'verbose debug',
  event_worker: 'pidfile daemonize event_driver',
  rabbit_broker: 'poll_delay max_connection_age exchange_name',
  logging: 'logfile default_level config_file',
  shoebox: 'roll_checker callback callback_list new_extension wrap_payload_with_region wrap_region wrap_cell',
  atompub: 'generate_entity_links failures_before_reauth',
  cufpub: 'generate_entity_links failures_before_reauth',
  handler_auth: 'method',
  event_feed: 'feed_title feed_host use_https port entries_per_page',
}

/** Nothing is passed over in silence: what would change what is stored is an error, the rest a warning. */
function warnOfUnused(ini: IniReader): void {
  for (const [section, keys] of Object.entries(UNUSED)) ini.warnUnused(section, keys.split(' '))
  for (const section of ini.sectionsOf(RETIRED)) {
    ini.problem(section, '', `[${section}]: is accepted and has no effect`, 'warning')
  }
  for (const section of ini.sectionsOf(['atompub', 'cufpub', 'handler_auth'])) {
    if (ini.boolean(section, 'validate_ssl', true)) continue
    const message =
      'validate_ssl: certificates are always checked; NODE_EXTRA_CA_CERTS names a file of own authorities'
    ini.problem(section, 'validate_ssl', message, 'warning')
  }
}

/** Reads what yagi.conf says; faults go to the reader's problems. */
export function readYagiSettings(ini: IniReader): YagiSettings {
  const names = ini.list('consumers', 'queues')
  const own = names
    .flatMap((queue) => ini.list(`consumer:${queue}`, 'apps'))
    .filter(isModulePath)
    .map((classPath) => classPath.split(/[.:]/).at(-1) as string)
  ini.checkNames(KNOWN, [...RETIRED, ...FILTER_SECTIONS, ...own])
  warnOfUnused(ini)
  for (const section of ini.sectionsOf([
    'atompub',
    'cufpub',
    'elasticsearch',
    'shoebox',
    ...FILTER_SECTIONS,
    ...own,
  ])) {
    const [, queue] = section.split(':')
    if (queue === undefined || names.includes(queue)) continue
    ini.problem(section, '', `[${section}]: ${queue} is not among the queues that are read`, 'warning')
  }
  const archives = new Map<string, ArchiveSettings | undefined>()
  const queues = names.map((queue) => readQueue(ini, queue, archives))
  if (queues.length === 0)
    ini.problem('consumers', 'queues', 'queues: expected the names of the queues to read')
  checkFilterNames(
    ini,
    queues.flatMap(({ apps }) => apps),
  )
  return {
    winchesterConfig: ini.text('winchester', 'config_file'),
    statisticsMs: ini.text('global', 'update_timer')
      ? ini.number('global', 'update_timer', 300, 1) * 1000
      : undefined,
    broker: readBroker(ini),
    queues,
  }
}

function readQueue(
  ini: IniReader,
  queue: string,
  archives: Map<string, ArchiveSettings | undefined>,
): QueueSettings {
  const section = `consumer:${queue}`
  if (!ini.has(section)) ini.problem('consumers', 'queues', `queues: there is no section [${section}]`)
  const apps = readApps(ini, queue)
  const isArchived = apps.some(({ kind }) => kind === 'shoebox')
  const maxMessages = ini.integer(section, 'max_messages', 0)
  return {
    ...readQueueSpec(ini, queue),
    maxMessages: maxMessages > 0 ? maxMessages : undefined,
    apps,
    archive: isArchived ? readArchive(ini, queue, archives) : undefined,
  }
}

function readBroker(ini: IniReader): BrokerSettings {
  const section = 'rabbit_broker'
  const batchSize = ini.integer(section, 'batch_size', 500, 1)
  return {
    url: brokerUrl(ini),
    prefetch: Math.min(ini.integer(section, 'prefetch', 4 * batchSize, 1), 65_535),
    batchSize,
    batchMs: ini.number(section, 'batch_ms', 20),
    reconnectMs: ini.number(section, 'reconnect_delay', 5) * 1000,
    maxReconnectMs: ini.number(section, 'max_wait', 600, 1) * 1000,
    maxMessageBytes: ini.number(section, 'max_message_mb', 16) * 1024 * 1024,
    caFile: ini.text(section, 'ca_file') || undefined,
    certFile: ini.text(section, 'cert_file') || undefined,
    keyFile: ini.text(section, 'key_file') || undefined,
    managementUrl: managementUrl(ini),
  }
}

function managementUrl(ini: IniReader): string | undefined {
  const url = ini.text('rabbit_broker', 'management_url') || undefined
  if (url !== undefined && !(URL.canParse(url) && /^https?:\/\//.test(url))) {
    const message = 'management_url: expected http(s)://[USER:PASSWORD@]HOST:PORT'
    ini.problem('rabbit_broker', 'management_url', message)
  }
  return url
}

/** The `url`, or one of the separate keys. */
function brokerUrl(ini: IniReader): string {
  const section = 'rabbit_broker'
  const url = ini.text(section, 'url')
  if (url) {
    const fault = brokerUrlFault(url)
    if (fault) ini.problem(section, 'url', `url: ${fault}`)
    for (const unused of unusedOfBrokerUrl(url)) ini.problem(section, 'url', `url: ${unused}`, 'warning')
    warnOfKeysBesideUrl(ini)
    return url
  }
  const scheme = ini.boolean(section, 'ssl', false) ? 'amqps' : 'amqp'
  const user = encodeURIComponent(ini.text(section, 'user', 'guest'))
  const password = encodeURIComponent(ini.text(section, 'password', 'guest'))
  const port = ini.integer(section, 'port', 5672, 1)
  const vhost = encodeURIComponent(ini.text(section, 'vhost', '/'))
  const hosts = ini.list(section, 'host').map((host) => withPort(host, port))
  const servers = hosts.length > 0 ? hosts : [`localhost:${port}`]
  const made = `${scheme}://${user}:${password}@${servers.join(',')}/${vhost}`
  const fault = brokerUrlFault(made)
  if (fault)
    ini.problem(
      section,
      'host',
      'host: expected HOST, or several HOST[:PORT] with commas that are used in turn',
    )
  return made
}

function withPort(host: string, port: number): string {
  if (/^[^:]*:\d+$|\]:\d+$/.test(host)) return host
  return /:.*:/.test(host) && !host.startsWith('[') ? `[${host}]:${port}` : `${host}:${port}`
}

/** What the `url` says too, and a reader might take for what is used. */
function warnOfKeysBesideUrl(ini: IniReader): void {
  const beside = ['host', 'user', 'password', 'port', 'vhost', 'ssl']
  for (const key of ini.keysOf('rabbit_broker').filter((name) => beside.includes(name))) {
    ini.problem('rabbit_broker', key, `${key}: has no effect beside url, which says it`, 'warning')
  }
}

/** Names on disk have 255 bytes, of which those of its owner take 104 while a file is written. */
const LONGEST_NAME = 150

function fileNameFault(template: string): string | undefined {
  if (/[/\0]/.test(template))
    return 'is the name of a file; folders are working_directory and destination_folder'
  if (template === '' || template.startsWith('.')) return 'must not be empty or begin with a dot'
  const widest = template.replace(/%[A-Za-z]/g, '00:00:00').replaceAll('[[TIMESTAMP]]', '0123456789.123456')
  const bytes = Buffer.byteLength(widest)
  return bytes > LONGEST_NAME ? `makes names of up to ${bytes} bytes; ${LONGEST_NAME} at most` : undefined
}

/** Queues share an archive unless one has a section [shoebox:QUEUE] of its own. */
function readArchive(
  ini: IniReader,
  queue: string,
  archives: Map<string, ArchiveSettings | undefined>,
): ArchiveSettings | undefined {
  const own = `shoebox:${queue}`
  const name = ini.has(own) ? own : 'shoebox'
  if (archives.has(name)) return archives.get(name)
  if (!ini.has(name)) {
    ini.problem('consumers', 'queues', 'the app ShoeboxHandler needs a section [shoebox]')
    archives.set(name, undefined)
    return undefined
  }
  const at = (key: string) => ini.sectionWith(key, 'shoebox', queue)
  const workingDirectory = ini.text(at('working_directory'), 'working_directory')
  if (!workingDirectory) ini.problem(name, 'working_directory', 'working_directory: is required')
  const manager = ini.text(at('roll_manager'), 'roll_manager', 'shoebox.roll_manager:WritingJSONRollManager')
  if (!manager.endsWith('WritingJSONRollManager')) {
    ini.problem(
      at('roll_manager'),
      'roll_manager',
      `roll_manager: ${manager} is not available; known is WritingJSONRollManager`,
    )
  }
  const template = ini.text(at('filename_template'), 'filename_template')
  const templateFault = fileNameFault(template ?? 'default')
  if (templateFault)
    ini.problem(at('filename_template'), 'filename_template', `filename_template: ${templateFault}`)
  const settings = {
    workingDirectory: workingDirectory ?? '.',
    destinationFolder:
      ini.text(at('destination_folder'), 'destination_folder') || `${workingDirectory ?? '.'}/done`,
    filenameTemplate: template ?? 'notifications_%Y_%m_%d_%H_%M_%S_%f.json',
    rollBytes: ini.number(at('roll_size_mb'), 'roll_size_mb', 100, 1) * 1024 * 1024,
    rollMinutes: ini.number(at('roll_minutes'), 'roll_minutes', 60),
  }
  archives.set(name, settings)
  return settings
}

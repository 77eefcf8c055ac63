import type { QueueSpec } from '../../broker/queue-spec.ts'
import { APPS } from '../../consumer/apps/app-registry.ts'
import { isModulePath } from '../../runtime/load-class.ts'
import type { IniReader } from '../documents/ini-reader.ts'
import { readSection } from '../documents/ini-section.ts'
import { FILTER_SECTIONS, YAGI, YAGI_SECTIONS } from '../schemas/yagi-schema.ts'
import { type AppSettings, readApps } from './app-settings.ts'
import { type ArchiveSettings, type ArchivesBySection, readArchive } from './archive-settings.ts'
import { type BrokerSettings, readBroker } from './broker-settings.ts'
import { checkFilterNames } from './event-type-filters.ts'
import { readQueueSpec } from './queue-settings.ts'

/** The settings of a queue to read. */
export type QueueSettings = QueueSpec & {
  /** most messages of one batch; undefined: `batchSize` of the broker */
  readonly maxMessages: number | undefined
  readonly apps: readonly AppSettings[]
  /** undefined: raw notifications of the queue are not archived */
  readonly archive: ArchiveSettings | undefined
}

export type YagiSettings = {
  readonly winchesterConfig: string | undefined
  /** time between statistics in the log, ms; undefined: that of winchester.yaml */
  readonly statisticsMs: number | undefined
  /** file of the dead letters where there is no winchester.yaml */
  readonly deadLetters: string | undefined
  readonly broker: BrokerSettings
  readonly queues: readonly QueueSettings[]
}

/** Sections of old files that are no longer read. */
const RETIRED = ['oahu', 'redis', 'pubsubhubbub', 'hub', 'persistence', 'nova']

/** Adds a warning for each section and key that is accepted and has no effect. */
function warnOfUnused(ini: IniReader): void {
  ini.warnOfDeprecated(YAGI_SECTIONS)
  for (const section of ini.sectionsOf(RETIRED)) {
    ini.report(section, '', `[${section}]: is accepted and has no effect`, 'warning')
  }
  for (const section of ini.sectionsOf(['atompub', 'cufpub', 'handler_auth'])) {
    if (ini.boolean(section, 'validate_ssl', true)) continue
    const message =
      'validate_ssl: certificates are always checked; NODE_EXTRA_CA_CERTS names a file of own authorities'
    ini.report(section, 'validate_ssl', message, 'warning')
  }
}

/** Reads the settings of a yagi.conf. Adds faults to the reader's findings. */
export function readYagiSettings(ini: IniReader): YagiSettings {
  const names = readSection(ini, YAGI.CONSUMERS, () => 'consumers').queues
  checkSections(ini, names)
  const archives: ArchivesBySection = new Map()
  const queues = names.map((queue) => readQueue(ini, queue, archives))
  if (queues.length === 0) {
    const message = `queues: expected the names of the queues to read${ini.has('consumers') ? '' : ', in a section [consumers]'}`
    ini.report('consumers', 'queues', message)
  }
  checkFilterNames(
    ini,
    queues.flatMap(({ apps }) => apps),
  )
  const { update_timer: updateTimer, dead_letters } = readSection(ini, YAGI.GLOBAL, () => 'global')
  return {
    winchesterConfig: readSection(ini, YAGI.WINCHESTER, () => 'winchester').config_file,
    statisticsMs: updateTimer === undefined ? undefined : updateTimer * 1000,
    deadLetters: dead_letters || undefined,
    broker: readBroker(ini),
    queues,
  }
}

/** Finds sections and keys that are unknown, have no effect or belong to no queue. */
function checkSections(ini: IniReader, queues: readonly string[]): void {
  const own = queues
    .flatMap((queue) => ini.list(`consumer:${queue}`, 'apps'))
    .filter(isModulePath)
    .map((classPath) => classPath.split(/[.:]/).at(-1) as string)
  const filters = Object.keys(FILTER_SECTIONS)
  const ofApps = Object.values(APPS.entries).map(({ kind }) => kind)
  ini.checkNames(YAGI_SECTIONS, [...RETIRED, ...filters, ...own], ['consumer', ...ofApps])
  warnOfUnused(ini)
  for (const section of ini.sectionsOf([...ofApps, ...filters, ...own])) {
    const [, queue] = section.split(':')
    if (queue === undefined || queues.includes(queue)) continue
    ini.report(section, '', `[${section}]: ${queue} is not among the queues that are read`, 'warning')
  }
}

function readQueue(ini: IniReader, queue: string, archives: ArchivesBySection): QueueSettings {
  const section = `consumer:${queue}`
  // A section [consumers:QUEUE] is reported itself.
  if (!ini.has(section) && !ini.has(`consumers:${queue}`))
    ini.report('consumers', 'queues', `queues: there is no section [${section}]`)
  const values = readSection(ini, YAGI.CONSUMER, () => section)
  const apps = readApps(ini, queue, values.apps)
  const isArchived = apps.some(({ kind }) => kind === 'shoebox')
  return {
    ...readQueueSpec(ini, queue, values),
    maxMessages: values.max_messages > 0 ? values.max_messages : undefined,
    apps,
    archive: isArchived ? readArchive(ini, queue, archives) : undefined,
  }
}

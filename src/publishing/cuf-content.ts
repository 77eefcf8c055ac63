import { InvalidError } from '../domain/errors.ts'
import type { Event } from '../domain/event.ts'
import { formatIso, formatMoment, type Micros, parseIso } from '../domain/time.ts'
import type { Trait } from '../domain/trait.ts'
import type { Logger } from '../runtime/logger.ts'
import { xmlAttribute } from '../text/xml.ts'

/** Fields that replace traits of the event. */
export type ExtraInfo = { readonly [name: string]: unknown }

/** The status that Nova's API shows for a state of an instance. */
const STATUS: { readonly [state: string]: string } = {
  active: 'ACTIVE',
  building: 'BUILD',
  stopped: 'SHUTOFF',
  resized: 'VERIFY_RESIZE',
  paused: 'PAUSED',
  suspended: 'SUSPENDED',
  rescued: 'RESCUE',
  error: 'ERROR',
  deleted: 'DELETED',
  'soft-delete': 'SOFT_DELETED',
  shelved: 'SHELVED',
  shelved_offloaded: 'SHELVED_OFFLOADED',
}

/** The status that Nova's API shows instead while a task (state_description) goes on in a state. */
const STATUS_DURING: { readonly [state: string]: { readonly [task: string]: string } } = {
  active: {
    rebooting: 'REBOOT',
    rebooting_hard: 'HARD_REBOOT',
    updating_password: 'PASSWORD',
    rebuilding: 'REBUILD',
    rebuild_block_device_mapping: 'REBUILD',
    rebuild_spawning: 'REBUILD',
    migrating: 'MIGRATING',
    resize_prep: 'RESIZE',
    resize_migrating: 'RESIZE',
    resize_migrated: 'RESIZE',
    resize_finish: 'RESIZE',
  },
  resized: { resize_reverting: 'REVERT_RESIZE' },
}

/** The licences by their bits in rax_options. Of several of one kind the last counts. */
const OS_LICENSES = [
  [1, 'RHEL'],
  [4, 'WINDOWS'],
  [64, 'VYATTA'],
] as const
const APPLICATION_LICENSES = [
  [8, 'MSSQL'],
  [32, 'MSSQL_WEB'],
] as const

/**
 * Returns the usage of an instance as a CUF event, in XML. Throws InvalidError when the event has only one of
 * two times that have to be compared.
 */
export function cufContent(event: Event, extra: ExtraInfo, logger: Pick<Logger, 'warn'>): string {
  const text = (name: string) => textOf(extra[name] ?? plainValue(event.traits[name]))
  const [start, end] = periodOf(event)
  const options = optionsOf(event, logger)
  const os = OS_LICENSES.findLast(([bit]) => options & bit)?.[1] ?? 'LINUX'
  const application = APPLICATION_LICENSES.findLast(([bit]) => options & bit)?.[1]
  const outer = attributes({
    xmlns: 'http://docs.rackspace.com/core/event',
    'xmlns:nova': 'http://docs.rackspace.com/event/nova',
    version: '1',
    id: event.messageId,
    resourceId: text('instance_id'),
    resourceName: text('display_name'),
    dataCenter: text('data_center'),
    region: text('region'),
    tenantId: text('tenant_id'),
    startTime: zulu(start),
    endTime: zulu(end),
    type: 'USAGE',
  })
  const product = attributes({
    version: '1',
    serviceCode: 'CloudServersOpenStack',
    resourceType: 'SERVER',
    flavorId: text('instance_flavor_id'),
    flavorName: text('instance_flavor'),
    status: statusOf(event),
    osLicenseType: os,
    ...(application ? { applicationLicense: application } : {}),
    bandwidthIn: text('bandwidth_in'),
    bandwidthOut: text('bandwidth_out'),
  })
  return `<event ${outer}><nova:product ${product}/></event>`
}

function attributes(values: { readonly [name: string]: string }): string {
  return Object.entries(values)
    .map(([name, value]) => `${name}=${xmlAttribute(value)}`)
    .join(' ')
}

/**
 * Returns the start and the end of the usage: from the later of launch and begin of the audit period to the
 * earlier of the end of the period and the end of the instance.
 */
function periodOf(event: Event): [Micros | undefined, Micros | undefined] {
  const time = (name: string) => timeOf(event, name)
  const begin = time('audit_period_beginning')
  const ended = time('terminated_at') ?? time('deleted_at')
  let start = chosen(event, ['launched_at', 'audit_period_beginning'], time('launched_at'), begin, Math.max)
  const ending = time('audit_period_ending')
  const end =
    ended === undefined
      ? ending
      : chosen(event, ['deleted_at', 'audit_period_ending'], ended, ending, Math.min)
  if (chosen(event, ['the start', 'the end'], start, end, Math.max) === start && start !== end) start = begin
  return [start, end]
}

function chosen(
  event: Event,
  names: readonly [string, string],
  a: Micros | undefined,
  b: Micros | undefined,
  choose: (a: Micros, b: Micros) => Micros,
): Micros | undefined {
  if (a === undefined && b === undefined) return undefined
  if (a !== undefined && b !== undefined) return choose(a, b)
  const [here, missing] = a === undefined ? [names[1], names[0]] : names
  throw new InvalidError(
    `event ${event.messageId} (${event.eventType}): it has ${here} but not ${missing}, so the time of its usage cannot be told`,
  )
}

function timeOf({ traits }: Event, name: string): Micros | undefined {
  const trait = traits[name]
  if (trait?.type === 'datetime') return trait.value
  return trait?.type === 'text' ? parseIso(trait.value) : undefined
}

/** Returns a time as ISO text in whole seconds, UTC; empty when there is none. */
function zulu(time: Micros | undefined): string {
  return time === undefined ? '' : `${formatIso(time).slice(0, 19)}Z`
}

function statusOf({ traits }: Event): string {
  const state = textOf(plainValue(traits.state))
  const task = textOf(plainValue(traits.state_description))
  const during = Object.hasOwn(STATUS_DURING, state) ? STATUS_DURING[state] : undefined
  if (during && Object.hasOwn(during, task)) return during[task] as string
  return Object.hasOwn(STATUS, state) ? (STATUS[state] as string) : 'UNKNOWN'
}

function optionsOf({ traits, messageId }: Event, logger: Pick<Logger, 'warn'>): number {
  const value = plainValue(traits.rax_options)
  const options = value === null || value === '' ? 0 : Number(value)
  if (Number.isSafeInteger(options) && options >= 0) return options
  logger.warn(
    { message_id: messageId },
    `rax_options ${JSON.stringify(String(value))} are no number; 0 is taken`,
  )
  return 0
}

function plainValue(trait: Trait | undefined): string | number | bigint | null {
  if (trait === undefined || trait.type === 'none') return null
  if (trait.type === 'datetime') return formatMoment(trait)
  // A float without a fraction keeps its `.0`, as it is stored.
  return trait.type === 'float' && Number.isInteger(trait.value) ? trait.value.toFixed(1) : trait.value
}

function textOf(value: unknown): string {
  return value === null || value === undefined ? '' : String(value)
}

import type { Event } from '../../domain/event.ts'
import { CORE_FIELDS } from '../core-fields.ts'
import { textOf, timeOf } from '../traits.ts'
import type { Step, Subject } from './subject.ts'

/** Whose notifications an event type is of. */
type Style = {
  readonly prefix: string
  /** names that differ from those of old-style notifications */
  readonly renamed: { readonly [step: string]: string }
}

const STYLES: readonly Style[] = [
  { prefix: 'compute.instance.', renamed: {} },
  {
    prefix: 'instance.',
    renamed: {
      'resize_prep.start': 'resize.prep.start',
      'resize_prep.end': 'resize.prep.end',
      'resize_finish.start': 'finish_resize.start',
      'resize_finish.end': 'finish_resize.end',
      'resize_revert.start': 'resize.revert.start',
      'resize_revert.end': 'resize.revert.end',
    },
  },
]

const BUILD_FAILURE = /^compute_task\.build_instances(\.error)?$/

/**
 * The step that an event tells of, of old-style and versioned notifications alike: `finish_resize.end`. A build that
 * found no host is `build.error`. Undefined: no step of a server, such as what verifying it made.
 */
function stepOf({ eventType }: Event): Step | undefined {
  if (BUILD_FAILURE.test(eventType)) return 'build.error'
  const style = STYLES.find(({ prefix }) => eventType.startsWith(prefix))
  if (!style) return undefined
  const name = eventType.slice(style.prefix.length)
  if (name.startsWith('exists.') || name === 'unbilled') return undefined
  return style.renamed[name] ?? name
}

const SETTLING: readonly Step[] = [
  'create.end',
  'rebuild.end',
  'finish_resize.end',
  'resize.revert.end',
  'rescue.end',
  'unshelve.end',
]

const SYSTEM = CORE_FIELDS.filter((field) => field.startsWith('os_'))
const RESIZED = ['launched_at', 'instance_flavor_id']

const UNSETTLING = {
  'rebuild.start': ['launched_at', ...SYSTEM],
  'resize.prep.start': RESIZED,
  'resize.start': RESIZED,
  'finish_resize.start': RESIZED,
  'resize.revert.start': RESIZED,
  'rescue.start': ['launched_at'],
  'unshelve.start': ['launched_at'],
}

/** Tasks that the API sets, and what begins with them. */
const TASKS: { readonly [task: string]: Step } = {
  rebuilding: 'rebuild.start',
  resize_prep: 'resize.prep.start',
  resize_reverting: 'resize.revert.start',
  rescuing: 'rescue.start',
  unshelving: 'unshelve.start',
}

/** Before these Nova sends an exists at once, and after some of them in older releases. */
export const ANNOUNCED: readonly Step[] = [
  ...SETTLING,
  ...Object.keys(UNSETTLING),
  'shelve.start',
  'shelve.end',
]

/** Whether nothing was being done to a launched server: its event tells what the database has. */
function isAtRest(event: Event, step: Step): boolean {
  if (step.endsWith('.start') || timeOf(event, 'launched_at') === undefined) return false
  return textOf(event, 'state_description') === undefined
}

/** A server of Nova, by old-style and versioned notifications. */
export const SERVER: Subject = {
  stepOf,
  settling: SETTLING,
  unsettling: UNSETTLING,
  underWay: (event) => TASKS[textOf(event, 'state_description') ?? ''],
  coreFields: CORE_FIELDS,
  usedSince: 'launched_at',
  isAtRest,
  hasFailed: (event, step) => textOf(event, 'state') === 'error' && isAtRest(event, step),
}

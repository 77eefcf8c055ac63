import type { Event } from '../../domain/event.ts'
import { CORE_FIELDS } from '../core-fields.ts'
import { textOf, timeOf } from '../traits.ts'
import type { Step, Subject } from './subject.ts'

/** A form of Nova's notifications: old-style or versioned. */
type Style = {
  readonly prefix: string
  /** step names that differ from those of old-style notifications */
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
 * Returns the step that an event reports, such as `finish_resize.end`, for old-style and versioned
 * notifications alike. A build that found no host is `build.error`. Returns undefined for anything else, such
 * as results of the verification.
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

/** Tasks that Nova's API sets, and the step that each begins with. */
const TASKS: { readonly [task: string]: Step } = {
  rebuilding: 'rebuild.start',
  resize_prep: 'resize.prep.start',
  resize_reverting: 'resize.revert.start',
  rescuing: 'rescue.start',
  unshelving: 'unshelve.start',
}

/** Steps before which Nova sends an exists at once; in older releases it follows some of them. */
export const ANNOUNCED: readonly Step[] = [
  ...SETTLING,
  ...Object.keys(UNSETTLING),
  'shelve.start',
  'shelve.end',
]

/** Whether an event reports a launched server without a task: its values are those of the database. */
function isAtRest(event: Event, step: Step): boolean {
  if (step.endsWith('.start') || timeOf(event, 'launched_at') === undefined) return false
  return textOf(event, 'state_description') === undefined
}

/** A Nova server, in old-style and versioned notifications. */
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

import type { Micros } from '../../domain/time.ts'
import type { VmState } from '../operations/instance-states.ts'
import { EXISTS, UPDATE } from '../operations/operation.ts'

/** Summary of the notifications that were sent about an instance today. */
export type Chapter = {
  /** notifications since its last exists, without Nova's clean-ups */
  readonly notifications: number
  /** number of rebuild.end, finish_resize.end and rescue.end since its last exists */
  readonly operations: number
  /** number of steps since its last exists that would explain an exists in the middle of a period */
  readonly steps: number
  readonly deletions: number
  /** notifications of today, without exists and clean-ups */
  readonly told: number
  /** whether one of today's notifications had a launched_at */
  readonly isLaunched: boolean
  /** whether the last start or end of an operation that changes the instance was an end */
  readonly isSettled: boolean
  /** whether the instance was reported as offloaded, and not as unshelved since */
  readonly isOffloaded: boolean
}

export const DELETE_END = 'compute.instance.delete.end'

const OPERATION_END = /^compute\.instance\.(rebuild|finish_resize|rescue)\.end$/
const SETTLES = /^compute\.instance\.((create|rebuild|finish_resize|rescue|unshelve)|resize\.revert)\.end$/
const UNSETTLES =
  /^compute\.instance\.((rebuild|finish_resize|rescue|unshelve)|resize(\.prep|\.revert)?)\.start$/
const SHELVES = /^compute\.instance\.shelve\.(start|end)$/

const EMPTY: Chapter = {
  notifications: 0,
  operations: 0,
  steps: 0,
  deletions: 0,
  told: 0,
  isLaunched: false,
  isSettled: false,
  isOffloaded: false,
}

export function emptyChapter(): Chapter {
  return EMPTY
}

/** The content of a notification that a chapter depends on. */
export type Told = {
  readonly eventType: string
  readonly state: VmState
  /** state before an update */
  readonly oldState: VmState | undefined
  readonly launchedAt: Micros | undefined
}

/** Whether a notification reports Nova's clean-up some time after a deletion. */
export function isCleanUp({ eventType, state, oldState }: Omit<Told, 'launchedAt'>): boolean {
  return eventType === UPDATE && state === 'deleted' && oldState === 'deleted'
}

/** Returns the chapter with one more notification. */
export function continued(chapter: Chapter, told: Told): Chapter {
  const { eventType, state, launchedAt } = told
  if (eventType === EXISTS) return { ...chapter, notifications: 0, operations: 0, steps: 0 }
  if (!eventType.startsWith('compute.instance.') || isCleanUp(told)) return chapter
  const kind = kindOf(eventType)
  return {
    notifications: chapter.notifications + 1,
    operations: chapter.operations + (kind.isOperation ? 1 : 0),
    steps: chapter.steps + (kind.settles || kind.unsettles || kind.shelves ? 1 : 0),
    deletions: chapter.deletions + (eventType === DELETE_END ? 1 : 0),
    told: chapter.told + 1,
    isLaunched: chapter.isLaunched || launchedAt !== undefined,
    isSettled: kind.settles || (chapter.isSettled && !kind.unsettles),
    isOffloaded: isOffloaded(chapter, eventType, state),
  }
}

function isOffloaded({ isOffloaded }: Chapter, eventType: string, state: string): boolean {
  if (eventType === 'compute.instance.unshelve.end') return false
  return isOffloaded || state === 'shelved_offloaded'
}

type Kind = ReturnType<typeof newKind>

function newKind(eventType: string) {
  return {
    isOperation: OPERATION_END.test(eventType),
    settles: SETTLES.test(eventType),
    unsettles: UNSETTLES.test(eventType),
    shelves: SHELVES.test(eventType),
  }
}

const kinds = new Map<string, Kind>()

function kindOf(eventType: string): Kind {
  const known = kinds.get(eventType)
  if (known) return known
  const kind = newKind(eventType)
  kinds.set(eventType, kind)
  return kind
}

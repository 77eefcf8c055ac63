import type { Micros } from '../domain/time.ts'
import type { VmState } from './instance-states.ts'
import { EXISTS, UPDATE } from './operations/operation.ts'

/** What has been told of an instance today. */
export type Chapter = {
  /** since its last exists: all but the clean-ups of Nova */
  readonly notifications: number
  /** since its last exists: rebuild.end, finish_resize.end or rescue.end */
  readonly operations: number
  /** since its last exists: steps of which an exists is sent */
  readonly steps: number
  readonly deletions: number
  /** today, without exists and clean-ups */
  readonly told: number
  /** one of these has told when it was launched */
  readonly isLaunched: boolean
  /** the last of the steps that change what it is was the end of them */
  readonly isSettled: boolean
  /** it was said to be on no host, and not that it is on one again */
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

/** What a notification tells of its instance. */
export type Told = {
  readonly eventType: string
  readonly state: VmState
  /** of an update */
  readonly oldState: VmState | undefined
  readonly launchedAt: Micros | undefined
}

/** Whether it says, some time after a deletion, that Nova has cleaned up. */
export function isCleanUp({ eventType, state, oldState }: Omit<Told, 'launchedAt'>): boolean {
  return eventType === UPDATE && state === 'deleted' && oldState === 'deleted'
}

/** What has been told when a notification was sent as well. */
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

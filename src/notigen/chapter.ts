import { EXISTS } from './operations/operation.ts'

/** What has been told of an instance today since its last `compute.instance.exists`. */
export type Chapter = {
  readonly notifications: number
  /** rebuild.end, finish_resize.end or rescue.end: what an exists must agree with */
  readonly operations: number
  readonly deletions: number
}

export const DELETE_END = 'compute.instance.delete.end'

const OPERATION_END = /^compute\.instance\.(rebuild|finish_resize|rescue)\.end$/

/** Whether it is the end of an operation that an exists must agree with. */
export function endsOperation(eventType: string): boolean {
  return OPERATION_END.test(eventType)
}

export function emptyChapter(): Chapter {
  return { notifications: 0, operations: 0, deletions: 0 }
}

/** What has been told when a notification of this type was sent as well. */
export function continued(chapter: Chapter, eventType: string): Chapter {
  if (eventType === EXISTS) return emptyChapter()
  if (!eventType.startsWith('compute.instance.')) return chapter
  return {
    notifications: chapter.notifications + 1,
    operations: chapter.operations + (endsOperation(eventType) ? 1 : 0),
    deletions: chapter.deletions + (eventType === DELETE_END ? 1 : 0),
  }
}

import type { TaskState, VmState } from '../instance-states.ts'

/** What is different with an instance from a notification on. */
export type Change = {
  readonly state?: VmState
  /** null: it rests */
  readonly task?: TaskState | null
  /** launched_at, or deleted_at and terminated_at, are set to the time of the notification */
  readonly launched?: true
  readonly deleted?: true
  /** `kept`: there is no way back to the one before */
  readonly flavor?: 'other' | 'previous' | 'kept'
  readonly image?: 'other'
  readonly host?: 'other'
  readonly volume?: 'attached' | 'detached'
}

/** One notification: seconds after the one before (shortest, longest), event type, what has changed by then. */
export type Row = readonly [afterS: readonly [number, number], eventType: string, change?: Change]

/** What one operation makes Nova and its neighbours send, in order. */
export type Operation = {
  /** how often, against the others that are possible */
  readonly weight: number
  /** whether the instance must or must not have a volume */
  readonly volume?: 'attached' | 'none'
  readonly rows: readonly Row[]
}

export const UPDATE = 'compute.instance.update'
export const EXISTS = 'compute.instance.exists'

export function times(count: number, row: Row): readonly Row[] {
  return Array.from({ length: count }, () => row)
}

import type { TaskState, VmState } from '../instance-states.ts'

/** What is different with an instance from a notification on. */
export type Change = {
  readonly state?: VmState
  /** null: it rests */
  readonly task?: TaskState | null
  /** launched_at is set, a moment before the notification */
  readonly launched?: true
  /** terminated_at is set, a moment before; deleted_at is set by then, or has none again */
  readonly terminated?: true
  readonly deleted?: true
  readonly restored?: true
  /** another is chosen and later taken; or it is again what it was before that */
  readonly flavor?: 'chosen' | 'taken' | 'previous'
  readonly image?: 'other'
  readonly host?: 'other' | 'previous' | 'none'
  readonly volume?: 'made' | 'removed'
  /** another call of the API begins */
  readonly request?: 'new'
}

/** One notification: seconds after the one before (shortest, longest), event type, what has changed by then. */
export type Row = readonly [afterS: readonly [number, number], eventType: string, change?: Change]

/** What an instance must be like beside its state. */
export type Needs = { readonly volume?: 'attached' | 'none'; readonly launched?: true }

/** What one operation makes Nova and its neighbours send, in order. */
export type Operation = {
  /** how often, against the others that are possible */
  readonly weight: number
  readonly needs?: Needs
  readonly rows: readonly Row[]
}

export const UPDATE = 'compute.instance.update'
export const EXISTS = 'compute.instance.exists'

export function times(count: number, row: Row): readonly Row[] {
  return Array.from({ length: count }, () => row)
}

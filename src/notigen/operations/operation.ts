import type { TaskState, VmState } from './instance-states.ts'

/** Change of an instance that takes effect with a notification. */
export type Change = {
  readonly state?: VmState
  /** null: no task is in progress */
  readonly task?: TaskState | null
  /** sets launched_at to a moment before the notification */
  readonly launched?: true
  /** sets terminated_at or deleted_at to a moment before the notification, or clears deleted_at */
  readonly terminated?: true
  readonly deleted?: true
  readonly restored?: true
  /** `chosen` draws another flavor, `taken` applies it, `previous` restores the one before */
  readonly flavor?: 'chosen' | 'taken' | 'previous'
  readonly image?: 'other'
  readonly host?: 'other' | 'previous' | 'none'
  readonly volume?: 'made' | 'removed'
  /** begins another API request */
  readonly request?: 'new'
}

/**
 * One notification: time since the previous one in seconds (shortest, longest), event type, change by then.
 */
export type Row = readonly [afterS: readonly [number, number], eventType: string, change?: Change]

/** Requirements on an instance besides its state. */
export type Needs = { readonly volume?: 'attached' | 'none'; readonly launched?: true }

/** The notifications that one operation makes Nova and its neighbours send, in order. */
export type Operation = {
  /** frequency relative to the other possible operations */
  readonly weight: number
  readonly needs?: Needs
  readonly rows: readonly Row[]
}

export const UPDATE = 'compute.instance.update'
export const EXISTS = 'compute.instance.exists'

export function times(count: number, row: Row): readonly Row[] {
  return Array.from({ length: count }, () => row)
}

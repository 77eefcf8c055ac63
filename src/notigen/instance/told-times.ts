import { MICROS_PER_SECOND, type Micros } from '../../domain/time.ts'
import type { Instance } from './instance.ts'

export type ToldTimes = {
  readonly launchedAt: Micros | undefined
  readonly deletedAt: Micros | undefined
  readonly terminatedAt: Micros | undefined
}

/** Event types that carry the launched_at that Nova has just set. */
const LAUNCHING: ReadonlySet<string> = new Set(
  ['create', 'rebuild', 'finish_resize', 'resize.revert', 'rescue', 'unshelve'].map(
    (name) => `compute.instance.${name}.end`,
  ),
)

/**
 * Returns the times of an instance in an old-style notification. Times from Nova's memory have microseconds;
 * times from its database are cut to seconds. Source: the notifications of a real Nova (Zed).
 */
export function toldTimes(instance: Instance, eventType: string): ToldTimes {
  const { launchedAt, deletedAt, terminatedAt, state, task } = instance
  const isSoftDeleting =
    eventType === 'compute.instance.update' && task === 'soft-deleting' && state !== 'soft-delete'
  return {
    launchedAt: LAUNCHING.has(eventType) ? launchedAt : wholeSeconds(launchedAt),
    deletedAt: isSoftDeleting ? deletedAt : wholeSeconds(deletedAt),
    terminatedAt: eventType === 'compute.instance.delete.end' ? terminatedAt : wholeSeconds(terminatedAt),
  }
}

/** Returns the times of an instance in versioned notifications and in Nova's database: whole seconds. */
export function storedTimes({ launchedAt, deletedAt, terminatedAt }: Instance): ToldTimes {
  return {
    launchedAt: wholeSeconds(launchedAt),
    deletedAt: wholeSeconds(deletedAt),
    terminatedAt: wholeSeconds(terminatedAt),
  }
}

export function wholeSeconds<T extends Micros | undefined>(time: T): T {
  return (time === undefined ? time : Math.floor(time / MICROS_PER_SECOND) * MICROS_PER_SECOND) as T
}

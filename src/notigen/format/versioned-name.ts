/**
 * Versioned event types by old-style one, where they differ; null where there is none. Source: Nova's list of
 * versioned notifications.
 */
const NAMES: { readonly [oldStyle: string]: string | null } = {
  'compute.instance.finish_resize.start': 'instance.resize_finish.start',
  'compute.instance.finish_resize.end': 'instance.resize_finish.end',
  'compute.instance.resize.prep.start': 'instance.resize_prep.start',
  'compute.instance.resize.prep.end': 'instance.resize_prep.end',
  'compute.instance.resize.confirm.start': 'instance.resize_confirm.start',
  'compute.instance.resize.confirm.end': 'instance.resize_confirm.end',
  'compute.instance.resize.revert.start': 'instance.resize_revert.start',
  'compute.instance.resize.revert.end': 'instance.resize_revert.end',
  'compute.instance.live_migration.pre.start': 'instance.live_migration_pre.start',
  'compute.instance.live_migration.pre.end': 'instance.live_migration_pre.end',
  'compute.instance.live_migration._post.start': 'instance.live_migration_post.start',
  'compute.instance.live_migration._post.end': 'instance.live_migration_post.end',
  'compute.instance.live_migration.post.dest.start': 'instance.live_migration_post_dest.start',
  'compute.instance.live_migration.post.dest.end': 'instance.live_migration_post_dest.end',
  'compute.instance.volume.attach': 'instance.volume_attach.end',
  'compute.instance.volume.detach': 'instance.volume_detach.end',
  'compute.instance.instance.create.error': null,
  'scheduler.run_instance.start': 'scheduler.select_destinations.start',
  'scheduler.run_instance.end': 'scheduler.select_destinations.end',
  'scheduler.run_instance.scheduled': null,
  'scheduler.run_instance': null,
  terminate_instance: 'compute.exception',
  rebuild_instance: 'compute.exception',
  rescue_instance: 'compute.exception',
  snapshot_instance: 'compute.exception',
}

const OLD_STYLE_PREFIX = 'compute.'

/** Returns the event type of the versioned notification; undefined where there is none. */
export function versionedName(eventType: string): string | undefined {
  const name = NAMES[eventType]
  if (name !== undefined) return name ?? undefined
  return eventType.startsWith('compute.instance.') ? eventType.slice(OLD_STYLE_PREFIX.length) : eventType
}

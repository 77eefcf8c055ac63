import { FLAVORS, type Image } from './catalog.ts'
import { HOSTS, type Instance } from './instance.ts'
import type { Notice } from './notice.ts'
import type { Change } from './operations/operation.ts'
import type { Random } from './random.ts'

/** Changes an instance as a row of an operation's table says. */
export function applyChange(
  instance: Instance,
  change: Change,
  { at, request, resourceId }: Pick<Notice, 'at' | 'request' | 'resourceId'>,
  images: readonly Image[],
  random: Random,
): void {
  if (change.state !== undefined) instance.state = change.state
  if (change.task !== undefined) instance.task = change.task ?? undefined
  if (change.launched) instance.launchedAt = at
  if (change.deleted) instance.deletedAt = at
  if (change.host) instance.host = `compute-${random.int(1, HOSTS)}`
  if (change.image) instance.image = random.pick(images)
  if (change.volume === 'attached') instance.volume = { id: resourceId, createdAt: request.at }
  if (change.volume === 'detached') instance.volume = undefined
  if (change.flavor === 'other') {
    instance.previousFlavor = instance.flavor
    instance.flavor = random.pick(FLAVORS.filter(({ id }) => id !== instance.flavor.id))
  }
  if (change.flavor === 'previous') instance.flavor = instance.previousFlavor ?? instance.flavor
  if (change.flavor === 'previous' || change.flavor === 'kept') instance.previousFlavor = undefined
}

import { MICROS_PER_SECOND, type Micros } from '../../domain/time.ts'
import { FLAVORS, type Image } from '../instance/catalog.ts'
import { HOSTS, type Instance } from '../instance/instance.ts'
import type { Notice } from '../notices/notice.ts'
import type { Change } from '../operations/operation.ts'
import type { Random } from '../random.ts'

/** Range of the time between setting a timestamp and the notification that reports it, µs. */
const SET_BEFORE = [10_000, MICROS_PER_SECOND / 5] as const

/** Applies the change of an operation's row to an instance. */
export function applyChange(
  instance: Instance,
  change: Change,
  { at, request, resourceId }: Pick<Notice, 'at' | 'request' | 'resourceId'>,
  images: readonly Image[],
  random: Random,
): void {
  const { id: imageId } = instance.image
  if (change.state !== undefined) instance.state = change.state
  if (change.task !== undefined) instance.task = change.task ?? undefined
  if (change.launched) instance.launchedAt = momentBefore(at, random)
  if (change.terminated) instance.terminatedAt = momentBefore(at, random)
  if (change.deleted) instance.deletedAt = momentBefore(at, random)
  if (change.restored) instance.deletedAt = undefined
  if (change.image) instance.image = random.pick(images.filter(({ id }) => id !== imageId))
  if (change.volume === 'made') instance.volume = { id: resourceId, createdAt: request.at, launchedAt: at }
  if (change.volume === 'removed') instance.volume = undefined
  if (change.host) changeHost(instance, change.host, random)
  if (change.flavor) changeFlavor(instance, change.flavor, random)
}

function momentBefore(at: Micros, random: Random): Micros {
  return at - random.int(...SET_BEFORE)
}

function changeHost(instance: Instance, to: NonNullable<Change['host']>, random: Random): void {
  const { host, previousHost } = instance
  instance.previousHost = host
  if (to === 'none') instance.host = undefined
  else if (to === 'previous') instance.host = previousHost ?? host
  else instance.host = random.pick(HOSTS.filter((name) => name !== host))
}

function changeFlavor(instance: Instance, step: NonNullable<Change['flavor']>, random: Random): void {
  const { flavor, newFlavor, previousFlavor } = instance
  switch (step) {
    case 'chosen':
      instance.newFlavor = random.pick(FLAVORS.filter(({ id }) => id !== flavor.id))
      return
    case 'taken':
      instance.flavor = newFlavor ?? flavor
      instance.previousFlavor = flavor
      instance.newFlavor = undefined
      return
    case 'previous':
      instance.flavor = previousFlavor ?? flavor
  }
}

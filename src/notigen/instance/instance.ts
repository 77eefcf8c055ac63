import { MICROS_PER_DAY, MICROS_PER_SECOND, type Micros } from '../../domain/time.ts'
import type { TaskState, VmState } from '../operations/instance-states.ts'
import type { Random } from '../random.ts'
import { FLAVORS, type Flavor, type Image, type Project } from './catalog.ts'
import { type Chapter, emptyChapter } from './chapter.ts'

/** The state of an instance in Nova at one moment. */
export type Instance = {
  readonly id: string
  readonly project: Project
  readonly name: string
  readonly reservationId: string
  readonly createdAt: Micros
  readonly addresses: Addresses
  /** undefined while it is shelved and offloaded */
  host: string | undefined
  image: Image
  flavor: Flavor
  /** flavor that a resize in progress leads to */
  newFlavor: Flavor | undefined
  /** flavor and host before a resize that may be reverted */
  previousFlavor: Flavor | undefined
  previousHost: string | undefined
  state: VmState
  /** undefined when no task is in progress */
  task: TaskState | undefined
  launchedAt: Micros | undefined
  deletedAt: Micros | undefined
  terminatedAt: Micros | undefined
  /** attached volume */
  volume: Volume | undefined
  chapter: Chapter
}

export type Volume = { readonly id: string; readonly createdAt: Micros; readonly launchedAt: Micros }

export type Addresses = { readonly public4: string; readonly public6: string; readonly private4: string }

export const HOSTS: readonly string[] = Array.from({ length: 40 }, (_, index) => `compute-${index + 1}`)

export function createInstance(
  project: Project,
  images: readonly Image[],
  createdAt: Micros,
  random: Random,
): Instance {
  const id = random.uuid()
  const number = random.int(1, 999_999)
  return {
    id,
    project,
    name: `server-${number}`,
    reservationId: `r-${id.slice(0, 8)}`,
    createdAt,
    addresses: {
      public4: `100.${random.int(64, 127)}.${random.int(0, 255)}.${random.int(1, 254)}`,
      public6: `2001:db8::${random.hex(4)}`,
      private4: `10.${random.int(1, 254)}.${random.int(0, 255)}.${random.int(1, 254)}`,
    },
    host: random.pick(HOSTS),
    image: random.pick(images),
    flavor: random.pick(FLAVORS),
    newFlavor: undefined,
    previousFlavor: undefined,
    previousHost: undefined,
    state: 'building',
    task: undefined,
    launchedAt: undefined,
    deletedAt: undefined,
    terminatedAt: undefined,
    volume: undefined,
    chapter: emptyChapter(),
  }
}

/** Creates an active instance that was built 1 to 90 days before `now` and is idle. */
export function oldInstance(
  project: Project,
  images: readonly Image[],
  now: Micros,
  random: Random,
): Instance {
  const createdAt = now - random.int(MICROS_PER_DAY, 90 * MICROS_PER_DAY)
  const instance = createInstance(project, images, createdAt, random)
  instance.state = 'active'
  instance.launchedAt = createdAt + random.int(20 * MICROS_PER_SECOND, 120 * MICROS_PER_SECOND)
  return instance
}

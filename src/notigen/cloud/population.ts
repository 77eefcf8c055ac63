import type { Micros } from '../../domain/time.ts'
import { createImages, createProject, type Image, type Project } from '../instance/catalog.ts'
import { createInstance, type Instance, oldInstance } from '../instance/instance.ts'
import type { Transition } from '../operations/instance-states.ts'
import type { Needs } from '../operations/operation.ts'
import type { Random } from '../random.ts'
import { IdleInstances } from './idle-instances.ts'

const PROJECTS = 25

/**
 * Bounds on the size of the cloud. It stays about as large as it began; an empty one grows to about
 * LEAST_SIZE.
 */
const LEAST_SIZE = 20
const MOST_GROWTH = 2

/** The instances of a cloud, and the projects that own them. */
export class Population {
  readonly images: readonly Image[]
  readonly #random: Random
  readonly #projects: readonly Project[]
  readonly #idle = new IdleInstances()
  readonly #size: number
  #living = 0
  /** all instances of the current audit period */
  readonly current = new Set<Instance>()

  constructor(size: number, now: Micros, random: Random) {
    this.#random = random
    this.#size = Math.max(LEAST_SIZE, size)
    this.#projects = Array.from({ length: PROJECTS }, () => createProject(random))
    this.images = createImages(random)
    for (let count = 0; count < size; count++) {
      const instance = oldInstance(this.someProject(), this.images, now, random)
      this.#add(instance)
      this.#idle.add(instance)
    }
  }

  someProject(): Project {
    return this.#random.pick(this.#projects)
  }

  /**
   * Returns a factor for the weight of an operation, 0 when it cannot begin. The larger the cloud has grown,
   * the fewer instances are created.
   */
  easeOf({ from }: Transition): number {
    if (from.length > 0) return this.#idle.hasAny(from) ? 1 : 0
    return Math.max(0, MOST_GROWTH * this.#size - this.#living) / this.#size
  }

  /**
   * Takes an instance for an operation and reserves it until `rest` is called. Returns undefined when none
   * fits.
   */
  take({ from }: Transition, needs: Needs, now: Micros): Instance | undefined {
    if (from.length > 0) return this.#idle.take(from, needs, this.#random)
    const instance = createInstance(this.someProject(), this.images, now, this.#random)
    this.#add(instance)
    return instance
  }

  /** Releases an instance at the end of its operation. */
  rest(instance: Instance): void {
    if (instance.state === 'deleted') this.#living--
    else this.#idle.add(instance)
  }

  /** Removes deleted instances at the begin of an audit period. */
  forgetDeleted(): void {
    for (const instance of this.current) if (instance.state === 'deleted') this.current.delete(instance)
  }

  #add(instance: Instance): void {
    this.current.add(instance)
    this.#living++
  }
}

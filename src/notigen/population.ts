import type { Micros } from '../domain/time.ts'
import { createImages, createProject, type Image, type Project } from './catalog.ts'
import { IdleInstances } from './idle-instances.ts'
import { createInstance, type Instance, oldInstance } from './instance.ts'
import type { Transition } from './instance-states.ts'
import type { Needs } from './operations/operation.ts'
import type { Random } from './random.ts'

const PROJECTS = 25

/** The cloud stays about as large as it began; one that begins empty grows to the first. */
const LEAST_SIZE = 20
const MOST_GROWTH = 2

/** The instances of a cloud, and whom they belong to. */
export class Population {
  readonly images: readonly Image[]
  readonly #random: Random
  readonly #projects: readonly Project[]
  readonly #idle = new IdleInstances()
  readonly #size: number
  #living = 0
  /** all that there were in this audit period */
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

  /** How easily an operation begins, 0: not at all; the larger the cloud has grown, the fewer instances are made. */
  easeOf({ from }: Transition): number {
    if (from.length > 0) return this.#idle.hasAny(from) ? 1 : 0
    return Math.max(0, MOST_GROWTH * this.#size - this.#living) / this.#size
  }

  /** An instance for an operation, kept from others until it rests; undefined where none was found that fits. */
  take({ from }: Transition, needs: Needs, now: Micros): Instance | undefined {
    if (from.length > 0) return this.#idle.take(from, needs, this.#random)
    const instance = createInstance(this.someProject(), this.images, now, this.#random)
    this.#add(instance)
    return instance
  }

  /** Its operation is over. */
  rest(instance: Instance): void {
    if (instance.state === 'deleted') this.#living--
    else this.#idle.add(instance)
  }

  /** Another audit period begins. */
  forgetDeleted(): void {
    for (const instance of this.current) if (instance.state === 'deleted') this.current.delete(instance)
  }

  #add(instance: Instance): void {
    this.current.add(instance)
    this.#living++
  }
}

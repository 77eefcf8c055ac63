import type { Micros } from '../domain/time.ts'
import { FLAVORS, type Instance } from './instance.ts'
import type { Random } from './random.ts'

/** One notification of an operation: its type, how long after the one before, and what has changed by then. */
export type Step = {
  readonly eventType: string
  /** seconds, shortest and longest */
  readonly afterS: readonly [number, number]
  readonly change?: (instance: Instance, at: Micros, random: Random) => void
}

export type OperationName = 'create' | 'update' | 'reboot' | 'resize' | 'delete'

export type Operation = {
  /** how often, against the others */
  readonly weight: number
  readonly steps: readonly Step[]
}

const task = (name: string) => (instance: Instance) => {
  instance.task = name
}

const rest = (instance: Instance) => {
  instance.task = ''
}

/** What Nova sends for each operation, in order. Source: nova/compute/manager.py, its notify_about_* calls. */
export const OPERATIONS: { readonly [name in OperationName]: Operation } = {
  create: {
    weight: 25,
    steps: [
      { eventType: 'compute.instance.update', afterS: [0, 1] },
      { eventType: 'compute.instance.create.start', afterS: [1, 3] },
      { eventType: 'compute.instance.update', afterS: [1, 3], change: task('networking') },
      { eventType: 'compute.instance.update', afterS: [2, 10], change: task('spawning') },
      {
        eventType: 'compute.instance.create.end',
        afterS: [20, 120],
        change(instance, at) {
          instance.state = 'active'
          instance.task = ''
          instance.launchedAt = at
        },
      },
      { eventType: 'compute.instance.update', afterS: [0, 1] },
    ],
  },
  update: {
    weight: 20,
    steps: [{ eventType: 'compute.instance.update', afterS: [0, 1] }],
  },
  reboot: {
    weight: 25,
    steps: [
      { eventType: 'compute.instance.update', afterS: [0, 1], change: task('reboot_pending') },
      { eventType: 'compute.instance.reboot.start', afterS: [0, 2], change: task('reboot_started') },
      { eventType: 'compute.instance.update', afterS: [5, 30], change: rest },
      { eventType: 'compute.instance.reboot.end', afterS: [0, 1] },
    ],
  },
  resize: {
    weight: 10,
    steps: [
      { eventType: 'compute.instance.update', afterS: [0, 1], change: task('resize_prep') },
      { eventType: 'compute.instance.resize.prep.start', afterS: [0, 2] },
      { eventType: 'compute.instance.resize.prep.end', afterS: [1, 5] },
      { eventType: 'compute.instance.resize.start', afterS: [1, 3], change: task('resize_migrating') },
      { eventType: 'compute.instance.resize.end', afterS: [30, 180], change: task('resize_migrated') },
      { eventType: 'compute.instance.finish_resize.start', afterS: [1, 3], change: task('resize_finish') },
      {
        eventType: 'compute.instance.finish_resize.end',
        afterS: [5, 30],
        change(instance, at, random) {
          instance.state = 'resized'
          instance.task = ''
          instance.flavor = random.pick(FLAVORS.filter((flavor) => flavor !== instance.flavor))
          instance.launchedAt = at
        },
      },
      { eventType: 'compute.instance.resize.confirm.start', afterS: [60, 600] },
      {
        eventType: 'compute.instance.resize.confirm.end',
        afterS: [1, 10],
        change(instance) {
          instance.state = 'active'
        },
      },
    ],
  },
  delete: {
    weight: 20,
    steps: [
      { eventType: 'compute.instance.update', afterS: [0, 1], change: task('deleting') },
      { eventType: 'compute.instance.delete.start', afterS: [0, 2] },
      { eventType: 'compute.instance.shutdown.start', afterS: [0, 2] },
      { eventType: 'compute.instance.shutdown.end', afterS: [2, 20] },
      {
        eventType: 'compute.instance.delete.end',
        afterS: [1, 5],
        change(instance, at) {
          instance.state = 'deleted'
          instance.task = ''
          instance.deletedAt = at
        },
      },
    ],
  },
}

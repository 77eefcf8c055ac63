import { type Operation, type Row, times, UPDATE } from './operation.ts'

/** Rows of a build: a host is found, the network created, the disk built. */
const BUILD: readonly Row[] = [
  [[0.2, 0.6], 'scheduler.run_instance.start'],
  [[0.2, 0.6], 'scheduler.run_instance.scheduled'],
  [[0.1, 0.2], 'scheduler.run_instance.end'],
  [[0.1, 0.3], UPDATE, { task: null }],
  [[0.1, 0.4], 'compute.instance.create.start'],
  [[0.1, 0.2], UPDATE],
  [[0.1, 0.2], UPDATE, { task: 'networking' }],
  [[0.1, 0.2], 'port.create.start'],
  [[0.2, 1], 'port.create.end'],
  [[0.1, 0.2], UPDATE, { task: 'block_device_mapping' }],
  [[0.1, 0.3], UPDATE],
  [[0.1, 0.3], UPDATE, { task: 'spawning' }],
]

export const create: Operation = {
  weight: 38,
  rows: [
    [[0, 1], UPDATE, { task: 'scheduling' }],
    ...BUILD,
    ...times(12, [[0.2, 10], UPDATE]),
    [[0.2, 10], UPDATE, { state: 'active', task: null, launched: true }],
    [[0, 0.1], 'compute.instance.create.end'],
  ],
}

const ATTEMPT: readonly Row[] = [
  ...BUILD,
  ...times(6, [[0.1, 60], UPDATE]),
  [[0.1, 0.6], 'compute.instance.instance.create.error'],
  [[0, 0.1], 'compute.instance.shutdown.start'],
  [[0.2, 2], 'compute.instance.shutdown.end'],
  [[0.1, 0.3], 'port.delete.start'],
  [[0.1, 0.3], 'port.delete.end'],
  [[0.1, 0.3], UPDATE, { task: 'scheduling' }],
  [[0, 0.1], 'compute.instance.create.error'],
]

/** A build that fails: three hosts are tried, then no valid host is left. */
export const createFails: Operation = {
  weight: 18,
  rows: [
    [[0, 1], UPDATE, { task: 'scheduling' }],
    ...ATTEMPT,
    ...ATTEMPT,
    ...ATTEMPT,
    [[0.1, 0.3], 'scheduler.run_instance.start'],
    [[0.1, 0.3], UPDATE, { state: 'error', task: null }],
    [[0.1, 0.3], 'scheduler.run_instance'],
  ],
}

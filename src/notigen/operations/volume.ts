import type { Operation } from './operation.ts'

/** A new volume for an instance. */
export const attachVolume: Operation = {
  weight: 2,
  volume: 'none',
  rows: [
    [[0, 1], 'volume.create.start'],
    [[1, 10], 'volume.create.end'],
    [[1, 5], 'volume.attach.start'],
    [[0.2, 2], 'volume.attach.end', { volume: 'attached' }],
    [[0.1, 0.5], 'compute.instance.volume.attach'],
  ],
}

/** The volume is copied, taken off and removed. */
export const detachVolume: Operation = {
  weight: 3,
  volume: 'attached',
  rows: [
    [[0, 1], 'snapshot.create.start'],
    [[1, 30], 'snapshot.create.end'],
    [[0.2, 2], 'volume.detach.start'],
    [[0.2, 2], 'volume.detach.end'],
    [[0.1, 0.5], 'compute.instance.volume.detach'],
    [[5, 60], 'volume.delete.start'],
    [[0.5, 5], 'volume.delete.end', { volume: 'detached' }],
  ],
}

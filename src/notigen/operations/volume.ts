import type { Operation } from './operation.ts'

/** Creation and attachment of a new volume. */
export const attachVolume: Operation = {
  weight: 2,
  needs: { volume: 'none' },
  rows: [
    [[0, 1], 'volume.create.start'],
    [[1, 10], 'volume.create.end', { volume: 'made' }],
    [[1, 5], 'volume.attach.start', { request: 'new' }],
    [[0.2, 2], 'volume.attach.end'],
    [[0.1, 0.5], 'compute.instance.volume.attach'],
  ],
}

/** Snapshot, detachment and removal of a volume. */
export const detachVolume: Operation = {
  weight: 3,
  needs: { volume: 'attached' },
  rows: [
    [[0, 1], 'snapshot.create.start'],
    [[1, 30], 'snapshot.create.end'],
    [[0.2, 2], 'volume.detach.start', { request: 'new' }],
    [[0.2, 2], 'volume.detach.end'],
    [[0.1, 0.5], 'compute.instance.volume.detach'],
    [[5, 60], 'volume.delete.start', { request: 'new' }],
    [[0.5, 5], 'volume.delete.end', { volume: 'removed' }],
  ],
}

import { type Operation, UPDATE } from './operation.ts'

/** Soft deletion: the instance stays on its host for some time and can be restored. */
export const softDelete: Operation = {
  weight: 2,
  needs: { volume: 'none' },
  rows: [
    [[0, 1], UPDATE, { task: 'soft-deleting', deleted: true }],
    [[0.1, 0.3], 'compute.instance.soft_delete.start'],
    [[0.1, 4], UPDATE, { state: 'soft-delete', task: null }],
    [[0, 0.1], 'compute.instance.soft_delete.end'],
  ],
}

export const restore: Operation = {
  weight: 3,
  rows: [
    [[0, 1], UPDATE, { task: 'restoring', restored: true }],
    [[0.1, 0.3], 'compute.instance.restore.start'],
    [[0.1, 10], UPDATE, { state: 'active', task: null }],
    [[0, 0.1], 'compute.instance.restore.end'],
  ],
}

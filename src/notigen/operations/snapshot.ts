import { type Operation, type Row, times, UPDATE } from './operation.ts'

const BEGIN: readonly Row[] = [
  [[0, 1], UPDATE, { task: 'image_snapshot_pending' }],
  [[0.1, 0.2], UPDATE],
  [[0.1, 0.3], 'image.create'],
  [[0.1, 0.3], UPDATE, { task: 'image_snapshot' }],
  [[0.2, 0.5], UPDATE],
  [[0, 0.1], 'compute.instance.snapshot.start'],
]

export const snapshot: Operation = {
  weight: 20,
  rows: [
    ...BEGIN,
    [[1, 3], UPDATE, { task: 'image_pending_upload' }],
    [[1, 120], 'image.prepare'],
    [[0.1, 0.5], UPDATE, { task: 'image_uploading' }],
    [[30, 600], 'image.upload'],
    [[0.1, 0.5], 'image.activate'],
    [[0.1, 0.5], UPDATE, { task: null }],
    [[0, 0.1], 'compute.instance.snapshot.end'],
  ],
}

export const snapshotFails: Operation = {
  weight: 12,
  rows: [
    ...BEGIN,
    ...times(1, [[1, 30], UPDATE]),
    [[1, 30], 'image.delete'],
    [[0.1, 0.5], UPDATE, { task: null }],
    [[0.1, 0.3], 'snapshot_instance'],
  ],
}

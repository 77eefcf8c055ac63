import { EXISTS, type Operation, type Row, times, UPDATE } from './operation.ts'

/** Rows that begin a rebuild. An exists reports the usage so far before the instance gets another image. */
const BEGIN: readonly Row[] = [
  [[0, 1], UPDATE, { task: 'rebuilding' }],
  ...times(4, [[0.1, 0.5], UPDATE]),
  [[0.1, 0.3], EXISTS],
  [[0, 0.1], 'compute.instance.rebuild.start', { image: 'other' }],
  [[0.1, 0.5], UPDATE],
  [[5, 20], UPDATE, { task: 'rebuild_block_device_mapping' }],
  [[0.1, 0.2], UPDATE, { task: 'rebuild_spawning' }],
  [[0.1, 0.4], UPDATE],
]

export const rebuild: Operation = {
  weight: 10,
  needs: { launched: true },
  rows: [
    ...BEGIN,
    ...times(8, [[0.2, 10], UPDATE]),
    [[0.2, 5], UPDATE, { state: 'active', task: null, launched: true }],
    [[0, 0.1], 'compute.instance.rebuild.end'],
  ],
}

export const rebuildFails: Operation = {
  weight: 14,
  rows: [...BEGIN, [[30, 200], UPDATE, { state: 'error', task: null }], [[0.1, 0.3], 'rebuild_instance']],
}

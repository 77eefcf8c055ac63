import { type Change, EXISTS, type Operation, type Row, times, UPDATE } from './operation.ts'

/**
 * Returns the rows of a resize or a cold migration. Both send the same notifications; they differ in what
 * they change.
 */
function moveRows(prepared: Change): readonly Row[] {
  return [
    [[0, 1], UPDATE, { task: 'resize_prep', ...prepared }],
    ...times(2, [[0.1, 0.5], UPDATE]),
    [[0.1, 0.5], EXISTS],
    [[0.1, 0.3], UPDATE],
    [[0, 0.1], 'compute.instance.resize.prep.start'],
    [[0.1, 0.3], UPDATE],
    [[0.1, 0.5], 'compute.instance.resize.prep.end'],
    [[0.2, 0.8], UPDATE, { task: 'resize_migrating' }],
    [[0, 0.1], 'compute.instance.resize.start'],
    ...times(5, [[0.2, 120], UPDATE]),
    [[0.5, 2], UPDATE, { task: 'resize_migrated', host: 'other' }],
    [[0, 0.1], 'compute.instance.resize.end'],
    [[0.1, 0.4], UPDATE],
    [[0.2, 0.6], UPDATE, { task: 'resize_finish' }],
    [[0, 0.1], 'compute.instance.finish_resize.start', { flavor: 'taken' }],
    [[10, 300], UPDATE],
    [[0.1, 0.4], UPDATE, { state: 'resized', task: null, launched: true }],
    [[0, 0.1], 'compute.instance.finish_resize.end'],
  ]
}

export const resize: Operation = { weight: 8, rows: moveRows({ flavor: 'chosen' }) }

export const migrate: Operation = { weight: 2, rows: moveRows({}) }

export const confirmResize: Operation = {
  weight: 26,
  rows: [
    [[0, 1], 'compute.instance.resize.confirm.start'],
    [[0.2, 0.5], UPDATE],
    [[1, 5], UPDATE, { state: 'active' }],
    [[0, 0.1], 'compute.instance.resize.confirm.end'],
  ],
}

/**
 * Revert of a resize. An exists reports the usage of the new size before the instance gets its old one again.
 */
export const revertResize: Operation = {
  weight: 2,
  rows: [
    [[0, 1], UPDATE, { task: 'resize_reverting' }],
    [[0.1, 0.5], EXISTS],
    [[0.5, 5], 'compute.instance.resize.revert.start', { flavor: 'previous', host: 'previous' }],
    [[5, 60], UPDATE, { state: 'active', task: null, launched: true }],
    [[0, 0.1], 'compute.instance.resize.revert.end'],
  ],
}

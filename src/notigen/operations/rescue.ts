import { EXISTS, type Operation, type Row, times, UPDATE } from './operation.ts'

const BEGIN: readonly Row[] = [
  [[0, 1], UPDATE, { task: 'rescuing' }],
  ...times(2, [[0.1, 0.3], UPDATE]),
  [[0.2, 1], 'compute.instance.rescue.start'],
]

export const rescue: Operation = {
  weight: 14,
  rows: [
    ...BEGIN,
    ...times(11, [[0.2, 20], UPDATE]),
    [[0, 0.1], EXISTS],
    [[0.2, 1], UPDATE, { state: 'rescued', task: null, launched: true }],
    [[0, 0.1], 'compute.instance.rescue.end'],
  ],
}

export const rescueFails: Operation = {
  weight: 9,
  rows: [...BEGIN, [[0.1, 1], UPDATE, { task: null }], [[0, 0.1], 'rescue_instance']],
}

export const unrescue: Operation = {
  weight: 18,
  rows: [
    [[0, 1], UPDATE, { task: 'unrescuing' }],
    ...times(2, [[0.1, 0.3], UPDATE]),
    [[0.2, 1], 'compute.instance.unrescue.start'],
    [[10, 40], UPDATE, { state: 'active', task: null }],
    [[0, 0.1], 'compute.instance.unrescue.end'],
  ],
}

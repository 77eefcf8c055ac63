import { type Operation, UPDATE } from './operation.ts'

export const powerOff: Operation = {
  weight: 14,
  rows: [
    [[0, 1], UPDATE, { task: 'powering-off' }],
    [[0.1, 0.3], 'compute.instance.power_off.start'],
    [[0.5, 10], UPDATE, { state: 'stopped', task: null }],
    [[0, 0.1], 'compute.instance.power_off.end'],
  ],
}

export const powerOn: Operation = {
  weight: 18,
  rows: [
    [[0, 1], UPDATE, { task: 'powering-on' }],
    [[0.1, 0.3], 'compute.instance.power_on.start'],
    [[2, 20], UPDATE, { state: 'active', task: null }],
    [[0, 0.1], 'compute.instance.power_on.end'],
  ],
}

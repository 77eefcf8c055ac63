import { type Operation, UPDATE } from './operation.ts'

export const reboot: Operation = {
  weight: 10,
  rows: [
    [[0, 1], UPDATE, { task: 'rebooting' }],
    [[0.2, 1], 'compute.instance.reboot.start'],
    [[0.1, 0.5], UPDATE, { task: 'reboot_pending' }],
    [[0.1, 0.5], UPDATE, { task: 'reboot_started' }],
    [[10, 110], UPDATE, { task: null }],
    [[0, 0.1], 'compute.instance.reboot.end'],
  ],
}

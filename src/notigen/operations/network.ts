import type { Operation } from './operation.ts'

/** Creation of a network with its subnet, router and public address. */
export const network: Operation = {
  weight: 1,
  rows: [
    [[0, 1], 'network.create.start'],
    [[0.2, 1], 'network.create.end'],
    [[0.5, 2], 'subnet.create.start', { request: 'new' }],
    [[0.2, 1], 'subnet.create.end'],
    [[0.5, 2], 'router.create.start', { request: 'new' }],
    [[0.2, 1], 'router.create.end'],
    [[1, 60], 'floatingip.create.start', { request: 'new' }],
    [[0.2, 1], 'floatingip.create.end'],
  ],
}

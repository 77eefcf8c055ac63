import { EXISTS, type Operation, UPDATE } from './operation.ts'

/**
 * Shelving. An exists reports the usage so far; then the disk becomes an image, and the host releases the
 * instance at once.
 */
export const shelve: Operation = {
  weight: 2,
  rows: [
    [[0, 1], UPDATE, { task: 'shelving' }],
    [[0.2, 0.6], EXISTS],
    [[0, 0.1], 'compute.instance.shelve.start'],
    [[0.1, 5], UPDATE, { task: 'shelving_image_uploading' }],
    [[5, 120], UPDATE, { state: 'shelved', task: 'shelving_offloading' }],
    [[0, 0.1], 'compute.instance.shelve.end'],
    [[0, 0.1], 'compute.instance.shelve_offload.start'],
    [[0.2, 0.6], UPDATE, { state: 'shelved_offloaded', task: null }],
    [[0.5, 5], UPDATE, { host: 'none' }],
    [[0, 0.1], 'compute.instance.shelve_offload.end'],
  ],
}

export const unshelve: Operation = {
  weight: 6,
  rows: [
    [[0, 1], UPDATE, { task: 'unshelving' }],
    [[0.2, 2], 'compute.instance.unshelve.start'],
    [[0, 0.1], UPDATE, { task: 'spawning' }],
    [[0.1, 1], UPDATE, { host: 'other' }],
    [[2, 60], UPDATE, { state: 'active', task: null, launched: true }],
    [[0, 0.1], 'compute.instance.unshelve.end'],
  ],
}

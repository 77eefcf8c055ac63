import type { Operation } from './operation.ts'

/** Life of an image that a user uploads, renames and removes. */
export const image: Operation = {
  weight: 1,
  rows: [
    [[0, 1], 'image.create'],
    [[0.5, 2], 'image.prepare'],
    [[10, 120], 'image.upload'],
    [[0.1, 0.5], 'image.activate'],
    [[60, 600], 'image.update', { request: 'new' }],
    [[600, 7200], 'image.delete', { request: 'new' }],
  ],
}

import type { Operation, Row } from './operation.ts'

/** Rows that remove a key at the end. */
const REMOVAL: readonly Row[] = [
  [[600, 7200], 'keypair.delete.start', { request: 'new' }],
  [[0.1, 0.5], 'keypair.delete.end'],
]

export const createKeypair: Operation = {
  weight: 2,
  rows: [[[0, 1], 'keypair.create.start'], [[0.1, 0.5], 'keypair.create.end'], ...REMOVAL],
}

/** Import of a key that the user already has. */
export const importKeypair: Operation = {
  weight: 2,
  rows: [[[0, 1], 'keypair.import.start'], [[0.1, 0.5], 'keypair.import.end'], ...REMOVAL],
}

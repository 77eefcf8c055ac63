import type { Operation } from './operation.ts'

/** A key of a user, made or brought along, and removed again. */
export const keypair: Operation = {
  weight: 3,
  rows: [
    [[0, 1], 'keypair.create.start'],
    [[0.1, 0.5], 'keypair.create.end'],
    [[60, 1200], 'keypair.import.start'],
    [[0.1, 0.5], 'keypair.import.end'],
    [[600, 3600], 'keypair.delete.start'],
    [[0.1, 0.5], 'keypair.delete.end'],
  ],
}

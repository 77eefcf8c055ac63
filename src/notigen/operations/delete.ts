import { type Operation, type Row, UPDATE } from './operation.ts'

const BEGIN: readonly Row[] = [
  [[0, 1], UPDATE, { task: 'deleting' }],
  [[0.1, 0.3], UPDATE],
  [[0.1, 0.5], UPDATE],
  [[0.5, 4], 'compute.instance.delete.start'],
  [[0, 0.1], 'compute.instance.shutdown.start'],
]

const DELETE: readonly Row[] = [
  ...BEGIN,
  [[2, 25], 'compute.instance.shutdown.end'],
  [[0.1, 0.3], 'port.delete.start'],
  [[0.1, 0.5], 'port.delete.end'],
  [[0.1, 0.3], UPDATE, { state: 'deleted', task: null, terminated: true }],
  [[0.2, 1.5], 'compute.instance.delete.end', { deleted: true }],
]

export const delete_: Operation = { weight: 24, needs: { volume: 'none' }, rows: DELETE }

/** Deletion of a soft-deleted instance. */
export const forceDelete: Operation = { weight: 6, rows: DELETE }

/** Deletion of an offloaded instance: it has no host, so the API service removes it from the database. */
export const deleteOffloaded: Operation = { weight: 2, needs: { volume: 'none' }, rows: DELETE }

/** Deletion of an instance in the error state, which never lasts long. */
export const deleteBroken: Operation = { weight: 40, needs: { volume: 'none' }, rows: DELETE }

/** A deletion that the hypervisor refuses; the instance must be deleted again. */
export const deleteFails: Operation = {
  weight: 18,
  rows: [...BEGIN, [[0.1, 1], UPDATE, { state: 'error', task: null }], [[0.1, 0.3], 'terminate_instance']],
}

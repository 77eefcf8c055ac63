import { create, createFails } from './create.ts'
import { delete_, deleteBroken, deleteFails, deleteOffloaded, forceDelete } from './delete.ts'
import { image } from './image.ts'
import { createKeypair, importKeypair } from './keypair.ts'
import { liveMigrate } from './live-migrate.ts'
import { network } from './network.ts'
import type { Operation } from './operation.ts'
import { powerOff, powerOn } from './power.ts'
import { reboot } from './reboot.ts'
import { rebuild, rebuildFails } from './rebuild.ts'
import { rescue, rescueFails, unrescue } from './rescue.ts'
import { confirmResize, migrate, resize, revertResize } from './resize.ts'
import { shelve, unshelve } from './shelve.ts'
import { snapshot, snapshotFails } from './snapshot.ts'
import { restore, softDelete } from './soft-delete.ts'
import { attachVolume, detachVolume } from './volume.ts'

/**
 * All operations of the simulated cloud. Sources: the notify_about_* calls of nova/compute/manager.py and
 * api.py; the notifier calls of cinder, glance and neutron; the recorded day for order, pauses and weights.
 */
export const OPERATIONS = {
  create,
  createFails,
  delete: delete_,
  deleteBroken,
  deleteFails,
  softDelete,
  restore,
  forceDelete,
  reboot,
  powerOff,
  powerOn,
  rebuild,
  rebuildFails,
  rescue,
  rescueFails,
  unrescue,
  resize,
  migrate,
  confirmResize,
  revertResize,
  shelve,
  unshelve,
  deleteOffloaded,
  liveMigrate,
  snapshot,
  snapshotFails,
  attachVolume,
  detachVolume,
  createKeypair,
  importKeypair,
  image,
  network,
} satisfies { readonly [name: string]: Operation }

export type OperationName = keyof typeof OPERATIONS

/** A vm_state: state of an instance between tasks. Source: nova/compute/vm_states.py (a part of it). */
export type VmState =
  | 'building'
  | 'active'
  | 'stopped'
  | 'rescued'
  | 'resized'
  | 'shelved'
  | 'shelved_offloaded'
  | 'error'
  | 'soft-delete'
  | 'deleted'

/** A task_state: task in progress on an instance. Source: nova/compute/task_states.py (a part of it). */
export type TaskState =
  | 'scheduling'
  | 'networking'
  | 'block_device_mapping'
  | 'spawning'
  | 'rebooting'
  | 'reboot_pending'
  | 'reboot_started'
  | 'powering-off'
  | 'powering-on'
  | 'rebuilding'
  | 'rebuild_block_device_mapping'
  | 'rebuild_spawning'
  | 'rescuing'
  | 'unrescuing'
  | 'resize_prep'
  | 'resize_migrating'
  | 'resize_migrated'
  | 'resize_finish'
  | 'resize_reverting'
  | 'image_snapshot_pending'
  | 'image_snapshot'
  | 'image_pending_upload'
  | 'image_uploading'
  | 'migrating'
  | 'shelving'
  | 'shelving_image_uploading'
  | 'shelving_offloading'
  | 'unshelving'
  | 'soft-deleting'
  | 'restoring'
  | 'deleting'

/** The path of an operation from one vm_state to another: its task_states in order. */
export type Transition = {
  /** states in which it may begin; empty: it creates the instance */
  readonly from: readonly VmState[]
  readonly tasks: readonly TaskState[]
  readonly to: VmState
}

const BUILD = ['scheduling', 'networking', 'block_device_mapping', 'spawning'] as const
const RESIZE = ['resize_prep', 'resize_migrating', 'resize_migrated', 'resize_finish'] as const

/**
 * Transitions of an instance by operation. All of them are allowed by Nova; Nova allows more. Sources: the
 * check_instance_state conditions of nova/compute/api.py, the task_state assignments of
 * nova/compute/manager.py.
 */
export const INSTANCE_STATES = {
  create: { from: [], tasks: BUILD, to: 'active' },
  createFails: { from: [], tasks: [...BUILD, ...BUILD, ...BUILD, 'scheduling'], to: 'error' },
  delete: { from: ['active', 'stopped', 'rescued', 'resized'], tasks: ['deleting'], to: 'deleted' },
  deleteBroken: { from: ['error'], tasks: ['deleting'], to: 'deleted' },
  deleteFails: { from: ['error'], tasks: ['deleting'], to: 'error' },
  softDelete: { from: ['active', 'stopped'], tasks: ['soft-deleting'], to: 'soft-delete' },
  restore: { from: ['soft-delete'], tasks: ['restoring'], to: 'active' },
  forceDelete: { from: ['soft-delete'], tasks: ['deleting'], to: 'deleted' },
  reboot: { from: ['active'], tasks: ['rebooting', 'reboot_pending', 'reboot_started'], to: 'active' },
  powerOff: { from: ['active'], tasks: ['powering-off'], to: 'stopped' },
  powerOn: { from: ['stopped'], tasks: ['powering-on'], to: 'active' },
  rebuild: {
    from: ['active', 'error'],
    tasks: ['rebuilding', 'rebuild_block_device_mapping', 'rebuild_spawning'],
    to: 'active',
  },
  rebuildFails: {
    from: ['active'],
    tasks: ['rebuilding', 'rebuild_block_device_mapping', 'rebuild_spawning'],
    to: 'error',
  },
  rescue: { from: ['active'], tasks: ['rescuing'], to: 'rescued' },
  rescueFails: { from: ['active'], tasks: ['rescuing'], to: 'active' },
  unrescue: { from: ['rescued'], tasks: ['unrescuing'], to: 'active' },
  resize: { from: ['active'], tasks: RESIZE, to: 'resized' },
  migrate: { from: ['active'], tasks: RESIZE, to: 'resized' },
  confirmResize: { from: ['resized'], tasks: [], to: 'active' },
  revertResize: { from: ['resized'], tasks: ['resize_reverting'], to: 'active' },
  shelve: {
    from: ['active', 'stopped'],
    tasks: ['shelving', 'shelving_image_uploading', 'shelving_offloading'],
    to: 'shelved_offloaded',
  },
  unshelve: { from: ['shelved_offloaded'], tasks: ['unshelving', 'spawning'], to: 'active' },
  deleteOffloaded: { from: ['shelved_offloaded'], tasks: ['deleting'], to: 'deleted' },
  liveMigrate: { from: ['active'], tasks: ['migrating'], to: 'active' },
  snapshot: {
    from: ['active'],
    tasks: ['image_snapshot_pending', 'image_snapshot', 'image_pending_upload', 'image_uploading'],
    to: 'active',
  },
  snapshotFails: { from: ['active'], tasks: ['image_snapshot_pending', 'image_snapshot'], to: 'active' },
  attachVolume: { from: ['active'], tasks: [], to: 'active' },
  detachVolume: { from: ['active'], tasks: [], to: 'active' },
} satisfies { readonly [operation: string]: Transition }

/** Power state that the hypervisor reports for an idle instance. Source: nova/compute/power_state.py. */
export const POWER_STATES: { readonly [state in VmState]: { readonly code: number; readonly name: string } } =
  {
    building: { code: 0, name: 'pending' },
    active: { code: 1, name: 'running' },
    stopped: { code: 4, name: 'shutdown' },
    rescued: { code: 1, name: 'running' },
    resized: { code: 1, name: 'running' },
    shelved: { code: 4, name: 'shutdown' },
    shelved_offloaded: { code: 4, name: 'shutdown' },
    error: { code: 0, name: 'pending' },
    'soft-delete': { code: 4, name: 'shutdown' },
    deleted: { code: 0, name: 'pending' },
  }

import { spawnSync } from 'node:child_process'

/**
 * Command that runs a program in a process namespace of its own, as containers are. The program's process id
 * is 1 there.
 */
export const APART: readonly string[] = ['unshare', '--pid', '--fork', '--kill-child', '--mount-proc']

/** Whether this machine allows APART. */
export const mayRunApart = spawnSync('unshare', [...APART.slice(1), 'true']).status === 0

import { type Operation, times, UPDATE } from './operation.ts'

export const liveMigrate: Operation = {
  weight: 2,
  rows: [
    [[0, 1], UPDATE, { task: 'migrating' }],
    [[0.5, 2], 'compute.instance.live_migration.pre.start'],
    [[0.2, 1], 'compute.instance.live_migration.pre.end'],
    ...times(2, [[1, 30], UPDATE]),
    [[0.5, 2], 'compute.instance.live_migration._post.start'],
    [[0.2, 1], 'compute.instance.live_migration.post.dest.start', { host: 'other' }],
    [[0.2, 1], UPDATE, { task: null }],
    [[0, 0.1], 'compute.instance.live_migration.post.dest.end'],
    [[0.1, 0.5], 'compute.instance.live_migration._post.end'],
  ],
}

import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { loadShip } from '../../../src/config/load/load-ship.ts'
import { openDirectoryTarget } from '../../../src/objects/directory/directory-target.ts'
import { silentLogger } from '../../../src/runtime/logger.ts'
import { ShipAgent } from '../../../src/ship/agent/agent.ts'
import type { Outcome } from '../../../src/ship/agent/file-job.ts'
import { outcomeForm } from '../../../src/ship/agent/outcome-form.ts'
import { Journal } from '../../../src/ship/journal.ts'
import { selectSets } from '../../../src/ship/log-sets/select-sets.ts'
import { temporaryFolder, writeFile } from '../../support/folders.ts'
import { FaultyTarget, type TargetFault } from '../../support/ship/faulty-target.ts'
import { type TreeChange, VectorTree } from '../../support/ship/vector-tree.ts'
import { loadVectors } from '../../support/vectors.ts'

type Fault = Pick<TargetFault, 'op' | 'path' | 'always' | 'error' | 'error_after' | 'md5'> & {
  readonly change?: readonly TreeChange[]
  readonly change_after?: readonly TreeChange[]
}

type FileResult = {
  readonly path: string
  readonly decision: string
  readonly note?: string
  readonly target?: string
  readonly uploaded?: boolean
  readonly existed?: boolean
  readonly deleted?: boolean
  readonly vanished?: boolean
  readonly error_kind?: string
}

type Step = {
  readonly files: readonly FileResult[]
  readonly local: readonly string[]
  readonly remote: { readonly [key: string]: string }
}

type Vector = {
  readonly id: string
  readonly kind: string
  readonly order_unspecified?: true
  readonly fault?: string
  readonly wanted?: unknown
  readonly in: {
    readonly logsets: readonly object[]
    readonly zones?: readonly { readonly uuid: string; readonly role: string }[]
    readonly tree: readonly TreeChange[]
    readonly remote?: { readonly [key: string]: string }
    readonly directory?: { readonly [uuid: string]: string }
    readonly steps: readonly {
      readonly now: string
      readonly cancel?: true
      readonly change?: readonly TreeChange[]
      readonly faults?: readonly Fault[]
    }[]
  }
  readonly out: { readonly steps: readonly Step[] }
}

const VECTORS = loadVectors<readonly Vector[]>('ship.json').filter(({ kind }) => kind === 'ship')

const ZONE = '/zones/11111111-2222-4333-8444-555555555555/root'
const A = '/srv/app/a.log'
const A_TARGET = '/ops/stor/eu-1/cn-0a1b/a'

/** Steps of vectors whose `wanted` says what is to be instead, by id. A definition fault leaves files alone. */
const WANTED: { readonly [id: string]: 'definition' | readonly Partial<Step>[] } = {
  'ship-012': 'definition',
  'ship-013': 'definition',
  // Its adjustment is faulty, which the original finds only when the file is old enough.
  'ship-024': 'definition',
  'ship-026': 'definition',
  // Its target needs a group that regex does not have; in the original nothing matched, and nobody saw it.
  'ship-079': 'definition',
  'ship-105': 'definition',
  'ship-142': 'definition',
  'ship-020': [
    {
      files: [{ path: '/srv/app/2031-02-31T11.log', decision: 'no_date' }],
      local: ['/srv/app/2031-02-31T11.log'],
      remote: {},
    },
  ],
  // Found by its ctime at once, not only when the memory of the agent has expired.
  'ship-044': [
    {},
    { files: [{ path: A, decision: 'failed', target: A_TARGET, existed: true, error_kind: 'differs' }] },
  ],
  'ship-063': [changedBeforeDeletion()],
  'ship-064': [changedBeforeDeletion()],
  'ship-084': [{ files: [], local: ['/srv/real/web/a', `${ZONE}/var/log`], remote: {} }],
  'ship-085': [
    {
      files: [
        {
          ...{ path: `${ZONE}/var/log/web/x\n/srv/secret`, decision: 'done', target: '/m' },
          ...{ uploaded: true, deleted: true },
        },
      ],
      local: ['/srv/secret'],
      remote: { '/m': 'w' },
    },
  ],
  'ship-095': [
    {
      files: ['/srv/app/a.log', '/srv/app/new\nline.log'].map((path) => ({
        ...{ path, note: 'no_upload', decision: 'done', target: '/t' },
      })),
      local: ['/srv/app/a.log', '/srv/app/new\nline.log'],
    },
  ],
  'ship-101': [once()],
  'ship-102': [once()],
  'ship-116': [
    {
      files: [{ path: '/srv/v1/c.log', note: 'no_upload', decision: 'done', target: '/t' }],
      local: ['/srv/v1/c.log', '/srv/w1/a.log', '/srv/w2/b.log'],
    },
  ],
  'ship-136': [
    {
      files: [{ path: A, decision: 'done', target: A_TARGET, uploaded: true, deleted: true }],
      local: [],
      remote: { [A_TARGET]: 'alpha\n' },
    },
  ],
  'ship-139': [
    {
      files: [
        { path: A, note: 'no_upload', decision: 'done', target: A_TARGET, deleted: true },
        { path: A, decision: 'done', target: A_TARGET, uploaded: true, deleted: true },
      ],
      local: [],
      remote: { [A_TARGET]: 'alpha\n' },
    },
  ],
  'ship-144': [
    {
      files: [{ path: A, decision: 'done', target: '/ops/a', uploaded: true, deleted: true }],
      local: ['/srv/bad/z'],
      remote: { '/ops/a': 'alpha\n' },
    },
  ],
}

function changedBeforeDeletion(): Step {
  return {
    files: [{ path: A, decision: 'failed', target: A_TARGET, uploaded: true, error_kind: 'kept' }],
    local: [A],
    remote: { [A_TARGET]: 'alpha\n' },
  }
}

function once(): Partial<Step> {
  return { files: [{ path: A, note: 'no_upload', decision: 'done', target: '/t' }] }
}

test('every vector with a fault has what is wanted, or the files as recorded', () => {
  const known = VECTORS.map(({ id }) => id)
  expect(Object.keys(WANTED).filter((id) => !known.includes(id))).toEqual([])
})

test.each(VECTORS.map((vector) => [vector.id, vector] as const))('%s', async (id, vector) => {
  const folder = temporaryFolder()
  const tree = new VectorTree(folder)
  for (const file of vector.in.tree) tree.apply(file)
  for (const [remote_write, text] of Object.entries(vector.in.remote ?? {}))
    tree.apply({ remote_write, text })
  const file = writeFile(folder, 'ship.json', {
    root: tree.root,
    host: { user: 'ops', datacenter: 'eu-1', node: 'cn-0a1b' },
    zones: vector.in.zones ?? [],
    customers: vector.in.directory ?? {},
    targets: { store: { kind: 'file', folder: tree.store } },
    log_sets: vector.in.logsets,
  })
  const { findings, config } = await loadShip(file)
  const wanted = WANTED[id]
  const isFaulty = findings.some(({ severity }) => severity === 'error')
  expect(isFaulty, JSON.stringify(findings)).toBe(wanted === 'definition' || id === 'ship-144')
  if (!config) throw new Error('no configuration')
  const journal = Journal.open(join(folder, 'ship.db'))
  const target = new FaultyTarget(await openDirectoryTarget(tree.store))
  onTestFinished(async () => {
    journal.close()
    await target.close()
  })
  for (const [index, step] of vector.in.steps.entries()) {
    for (const change of step.change ?? []) tree.apply(change)
    target.plan((step.faults ?? []).map((fault) => withChanges(fault, tree)))
    const told: Outcome[] = []
    const agent = new ShipAgent({
      placed: selectSets(config.sets, { ...config.host, root: config.root }, config.zones),
      targetOf: () => target,
      customers: (uuid) => config.customers[uuid],
      journal,
      parallel: 1,
      logger: silentLogger,
      clock: () => Date.parse(step.now),
      tell: (outcome) => void told.push(outcome),
      intervalMs: 60_000,
    })
    if (step.cancel) await agent.stop()
    await agent.pass()
    const recorded = vector.out.steps[index] as Step
    const instead = Array.isArray(wanted) ? (wanted[index] ?? {}) : {}
    const expected = wanted === 'definition' ? untouched(vector) : { ...recorded, ...instead }
    const found: Step = {
      files: told.map((one) => resultOf(one, tree.root)),
      local: tree.local(),
      remote: tree.remote(),
    }
    compare(found, expected, vector.order_unspecified === true)
  }
})

function withChanges({ change = [], change_after = [], ...fault }: Fault, tree: VectorTree): TargetFault {
  return {
    ...fault,
    before: () => {
      for (const one of change) tree.apply(one)
    },
    after: () => {
      for (const one of change_after) tree.apply(one)
    },
  }
}

function resultOf(outcome: Outcome, root: string): FileResult {
  const { path, decision, target, note, uploaded, existed, deleted, vanished, error_kind } =
    outcomeForm(outcome)
  return {
    ...{ path: path.slice(root.length), decision },
    ...(target === null ? {} : { target }),
    ...(note ? { note } : {}),
    ...(uploaded ? { uploaded } : {}),
    ...(existed ? { existed } : {}),
    ...(deleted ? { deleted } : {}),
    ...(vanished ? { vanished } : {}),
    ...(error_kind ? { error_kind } : {}),
  }
}

function untouched({ in: { tree } }: Vector): Step {
  return { files: [], local: tree.map(({ path }) => path as string), remote: {} }
}

/** Folders are made with the object here, and what keeps a file from being deleted has one name. */
const KINDS: { readonly [kind: string]: string } = {
  ...{ mkdirp: 'put', delete: 'kept', changed: 'kept', customer: 'none', none: 'none' },
}

/** Returns a result with what both sides say, in one way. */
function plain(result: FileResult, isOrdered: boolean): object {
  const { path, decision, target, note, uploaded, existed, deleted, vanished, error_kind } = result
  const isAtRest = note !== undefined && deleted === undefined
  const kind = error_kind === undefined ? 'none' : (KINDS[error_kind] ?? error_kind)
  const isTold = ['done', 'failed'].includes(decision)
  return {
    ...(isOrdered ? { path, uploaded: uploaded === true, existed: existed === true } : {}),
    decision: isAtRest && decision === 'remembered' ? 'done' : decision,
    ...(isTold && target !== undefined ? { target } : {}),
    deleted: deleted === true,
    vanished: vanished === true,
    kind,
  }
}

function compare(found: Step, expected: Step, isUnordered: boolean): void {
  const files = ({ files }: Step) =>
    files
      .filter(({ decision }) => decision !== 'no_match')
      .map((one) => JSON.stringify(plain(one, !isUnordered)))
      .sort()
  expect(files(found)).toEqual(files(expected))
  expect(found.local).toEqual([...expected.local].sort())
  if (isUnordered) expect(Object.keys(found.remote)).toEqual(Object.keys(expected.remote))
  else expect(found.remote).toEqual(expected.remote)
}

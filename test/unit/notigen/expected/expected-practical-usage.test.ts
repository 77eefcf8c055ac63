import { expect, test } from 'vitest'
import { expectedPracticalUsage } from '../../../../src/notigen/expected/expected-practical-usage.ts'
import type { Fact } from '../../../../src/notigen/expected/fact.ts'
import { at } from '../../../support/events.ts'

const DAY = at('2026-01-01T00:00:00')
/** 09:30 of the day, or of another. */
const time = (text: string) => at(text.includes('-') ? text : `2026-01-01T${text}`)

const LAUNCHED = time('2025-12-01T10:00:00')
const PLAIN = {
  instanceId: 'i1',
  requestId: 'r0',
  state: 'active',
  task: undefined,
  oldState: undefined,
  launchedAt: LAUNCHED,
  deletedAt: undefined,
  terminatedAt: undefined,
  audit: undefined,
  flavor: 'small',
  project: 'p1',
  system: 'x86',
} as const

function fact(when: string, name: string, more: Partial<Fact> = {}): Fact {
  return { ...PLAIN, eventType: `compute.instance.${name}`, at: time(when), ...more }
}

/** The exists of the whole day. */
function exists(more: Partial<Fact> = {}): Fact {
  const audit = { begin: DAY, end: time('2026-01-02T00:00:00') }
  return fact('2026-01-02T00:05:00', 'exists', { audit, ...more })
}

/** One sent at once. */
function immediate(when: string, more: Partial<Fact> = {}): Fact {
  return fact(when, 'exists', { audit: { begin: DAY, end: time(when) }, ...more })
}

function hour(begin: number, more: Partial<Fact> = {}): Fact {
  const hourMicros = 3_600_000_000
  const audit = { begin: DAY + begin * hourMicros, end: DAY + (begin + 1) * hourMicros }
  return { ...fact('00:00:00', 'exists', { audit, ...more }), at: audit.end + 300_000_000 }
}

const deleted = (when: string): Partial<Fact> => ({
  state: 'deleted',
  deletedAt: time(when),
  terminatedAt: time(when),
})
const softly = (when: string): Partial<Fact> => ({ state: 'soft-delete', deletedAt: time(when) })
const cleanUp = (when: string, more: Partial<Fact>) =>
  fact(when, 'update', { oldState: 'deleted', requestId: 'r9', ...more })
const OFFLOADED = { state: 'shelved_offloaded' } as const
const NEW = { launchedAt: time('09:00:00.5'), flavor: 'large' }
const KEPT = { launchedAt: time('09:00:00'), flavor: 'large' }

const CASES: readonly (readonly [name: string, facts: readonly Fact[], expected: readonly string[]])[] = [
  ['nothing but the exists', [exists()], ['verified']],
  ['launched today, and told of', [fact('09:00:01', 'create.end', NEW), exists(KEPT)], ['verified']],
  ['launched today, and not told of', [exists(KEPT)], ['U8']],
  [
    'launched in the first second, which may be rounded up',
    [exists({ launchedAt: DAY + 1_000_000 })],
    ['verified'],
  ],
  ['no launched_at', [fact('08:00:00', 'reboot.end'), exists({ launchedAt: undefined })], ['U1']],
  [
    'the immediate exists of what was not launched yet',
    [immediate('08:00:00', { launchedAt: undefined, state: 'error', task: 'rebuilding' })],
    ['verified'],
  ],
  [
    'another flavor than after the resize',
    [fact('09:00:01', 'finish_resize.end', NEW), exists({ ...KEPT, flavor: 'small' })],
    ['U2'],
  ],
  [
    'launched more than a second from it',
    [fact('09:00:01', 'rebuild.end', NEW), exists({ ...KEPT, launchedAt: time('09:00:02') })],
    ['U2'],
  ],
  [
    'both with microseconds, and different',
    [fact('09:00:01', 'rebuild.end', NEW), exists({ ...NEW, launchedAt: time('09:00:00.6') })],
    ['U2'],
  ],
  [
    'another flavor than in the exists before',
    [immediate('08:00:00', { task: 'rescuing' }), exists({ flavor: 'large' })],
    ['verified', 'U2'],
  ],
  [
    'in the course of a resize it may have either',
    [
      immediate('08:00:00', { task: 'resize_prep' }),
      fact('08:00:01', 'resize.prep.start'),
      exists({ flavor: 'large' }),
    ],
    ['verified', 'verified'],
  ],
  [
    'deleted, and told of',
    [fact('09:00:00', 'delete.end', deleted('09:00:00')), exists(deleted('09:00:00'))],
    ['verified'],
  ],
  [
    'deleted twice',
    [
      fact('09:00:00', 'delete.end', deleted('09:00:00')),
      fact('09:00:01', 'delete.end', deleted('09:00:00')),
      exists(deleted('09:00:00')),
    ],
    ['U7'],
  ],
  [
    'deleted at another time',
    [fact('09:00:00', 'delete.end', deleted('09:00:00')), exists(deleted('10:00:00'))],
    ['U2'],
  ],
  [
    'deleted, without deleted_at',
    [fact('09:00:00', 'delete.end', deleted('09:00:00')), exists({ state: 'deleted' })],
    ['U6'],
  ],
  ['deleted_at, but active', [exists({ deletedAt: time('09:00:00') })], ['U3']],
  [
    'deleted_at, and about to be deleted softly',
    [exists({ deletedAt: time('2026-01-02T00:04:59'), task: 'soft-deleting' })],
    ['verified'],
  ],
  ['deleted before it was launched', [exists(deleted('2025-11-01T00:00:00'))], ['U4']],
  ['deleted today, and not told of', [exists(deleted('09:00:00'))], ['U5']],
  ['deleted after the day', [exists(deleted('2026-01-02T00:03:00'))], ['verified']],
  [
    'deleted softly',
    [fact('09:00:00', 'soft_delete.end', softly('09:00:00')), exists(softly('09:00:00'))],
    ['verified'],
  ],
  ['deleted softly long ago', [exists(softly('2025-12-20T00:00:00'))], ['verified']],
  [
    'deleted softly and restored',
    [fact('09:00:00', 'soft_delete.end', softly('09:00:00')), fact('10:00:00', 'restore.end'), exists()],
    ['verified'],
  ],
  [
    'deleted softly, then for good',
    [
      fact('09:00:00', 'soft_delete.end', softly('09:00:00')),
      fact('10:00:00', 'delete.end', deleted('10:00:00')),
      exists(deleted('10:00:00')),
    ],
    ['verified'],
  ],
  [
    'an immediate exists that nothing explains',
    [immediate('08:00:00'), exists()],
    ['warning', 'verified', 'verified'],
  ],
  [
    'one that a later event of its request explains',
    [immediate('08:00:00'), fact('08:00:01', 'reboot.end'), exists()],
    ['verified', 'verified'],
  ],
  [
    'one after its operation',
    [fact('08:00:00', 'rescue.end'), immediate('08:00:01', { requestId: 'r1' }), exists()],
    ['verified', 'verified'],
  ],
  [
    'one whose task says why',
    [immediate('08:00:00', { task: 'shelving', requestId: 'r1' }), exists()],
    ['verified', 'verified'],
  ],
  ['the same exists again', [exists(), exists()], ['verified', 'verified']],
  ['a failed one again', [exists(deleted('09:00:00')), exists(deleted('09:00:00'))], ['U5', 'U5']],
  ['another of the same period', [exists(), exists({ flavor: 'large' })], ['verified', 'U2']],
  ['no exists', [fact('09:00:00', 'reboot.end')], ['U0']],
  [
    'an exists, and something later',
    [immediate('08:00:00', { task: 'rescuing' }), fact('09:00:00', 'rescue.end')],
    ['verified', 'U0'],
  ],
  [
    'something of the period of the exists, by another clock',
    [exists(), fact('23:59:59', 'reboot.end')],
    ['verified'],
  ],
  ['nothing but a clean-up', [cleanUp('00:03:00', deleted('00:01:00'))], []],
  [
    'terminated before the day',
    [fact('00:00:00.4', 'delete.end', { ...deleted('00:00:00.4'), terminatedAt: DAY - 1 })],
    [],
  ],
  [
    'never launched',
    [fact('09:00:00', 'create.error', { launchedAt: undefined, state: 'error' })],
    ['unbilled'],
  ],
  [
    'shelved and offloaded',
    [
      immediate('08:00:00', { task: 'shelving' }),
      fact('08:00:01', 'shelve.start'),
      fact('08:01:00', 'shelve_offload.end', OFFLOADED),
    ],
    ['verified'],
  ],
  [
    'shelved and offloaded without an exists',
    [fact('08:00:01', 'shelve.start'), fact('08:01:00', 'shelve_offload.end', OFFLOADED)],
    ['U0'],
  ],
  [
    'deleted while it is on no host',
    [fact('08:00:00', 'delete.start', OFFLOADED), fact('08:00:09', 'delete.end', deleted('08:00:09'))],
    ['unbilled'],
  ],
  [
    'unshelved, and no exists',
    [fact('08:00:00', 'unshelve.start', OFFLOADED), fact('08:01:00', 'unshelve.end')],
    ['U0'],
  ],
  ['hours one after the other', [hour(21), hour(22), hour(23)], ['verified', 'verified', 'verified', 'day']],
  ['hours that do not reach the end of the day', [hour(21), hour(22)], ['verified', 'verified', 'U9']],
  [
    'hours that do not reach the begin, although something was told of it',
    [fact('20:10:00', 'reboot.end'), hour(22), hour(23)],
    ['verified', 'verified', 'U9'],
  ],
  ['a gap between hours', [hour(21), hour(23)], ['verified', 'verified', 'U9']],
  [
    'hours in which it was on no host',
    [hour(19), fact('20:30:00', 'shelve_offload.end', OFFLOADED), hour(23)],
    ['verified', 'verified', 'day'],
  ],
  ['an hour within the day', [hour(9), exists()], ['verified', 'verified', 'U10']],
  ['an hour twice', [hour(9), hour(9)], ['verified', 'verified']],
]

test.each(CASES)('%s', (_, facts, expected) => {
  const inOrder = [...facts].sort((a, b) => a.at - b.at)
  expect([...expectedPracticalUsage(inOrder, DAY, [])].sort()).toEqual([...expected].sort())
})

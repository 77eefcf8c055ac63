import { expect, test } from 'vitest'
import type {
  ArchiveStatus,
  DatabaseStatus,
  ProcessStatus,
} from '../../../src/deployment-status/deployment-status.ts'
import type { ExpectedProcesses } from '../../../src/deployment-status/expected-processes.ts'
import { parseExpected } from '../../../src/deployment-status/expected-processes.ts'
import { findProblems } from '../../../src/deployment-status/find-problems.ts'

const STREAMS = {
  active: 3,
  firing: 0,
  expiring: 0,
  error: 0,
  expire_error: 0,
  completed: 9,
  retry_fire: 0,
  retry_expire: 0,
}
const DATABASE: DatabaseStatus = {
  name: 'localhost:3306/winchester',
  fault: undefined,
  schema: '005-actions-and-changes',
  newestEvent: undefined,
  newestAgeS: undefined,
  streams: STREAMS,
  deadLetters: {},
  clock: { mode: 'auto', now: '2026-01-01T00:00:00', lagS: 0, holds: [], stuck: [] },
  replay: undefined,
}
const NOTHING = { processes: [], broker: undefined, queues: [], archives: [], databases: [DATABASE] }

const ready = (
  role: 'consumer' | 'worker',
  at: string,
  more: Partial<ProcessStatus> = {},
): ProcessStatus => ({
  at,
  role,
  name: `${role}-1`,
  version: '0.1.0',
  uptimeS: 5,
  clock: 'auto',
  newestEvent: undefined,
  state: 'ready',
  reason: undefined,
  remarks: [],
  ...more,
})

const expecting = (...lines: string[]) => ({
  processes: lines.map((line) => parseExpected(line) as ExpectedProcesses),
  maxDepth: 100,
  awaited: new Set(['theirs']),
})

test('nothing is wrong with a deployment whose parts all work', () => {
  const processes = [ready('consumer', '127.0.0.1:9101'), ready('worker', '127.0.0.1:9106')]
  const queues = [
    { name: 'monitor.info', exists: true, messages: 100, consumers: 1 },
    { name: 'theirs', exists: false, messages: 0, consumers: 0 },
  ]
  const expected = expecting('consumer 127.0.0.1:9101', 'worker 127.0.0.1:9105-9108')
  expect(findProblems({ ...NOTHING, processes, queues }, expected)).toEqual([])
})

test('daemons that are missing, or that are others than expected, are wrong', () => {
  const silent = ready('worker', '127.0.0.1:9105', { state: 'silent', reason: 'does not answer: refused' })
  const processes = [ready('consumer', '127.0.0.1:9101'), silent]
  const lines = ['worker 127.0.0.1:9105', 'api 127.0.0.1:9107-9109', 'worker 127.0.0.1:9101', 'a:1']
  expect(findProblems({ ...NOTHING, processes }, expecting(...lines))).toEqual([
    'worker at 127.0.0.1:9105 does not answer: refused',
    'no api answers at 127.0.0.1:9107-9109',
    '127.0.0.1:9101 is a consumer, not a worker',
    'a:1 does not answer',
  ])
})

test('daemons that cannot work, and those that differ from each other, are wrong', () => {
  const processes = [
    ready('consumer', 'a:1', { state: 'unready', reason: 'not read at the moment: q' }),
    ready('worker', 'a:2', {
      remarks: ['the broker at h takes no messages'],
      version: '0.2.0',
      clock: 'wall',
    }),
  ]
  expect(findProblems({ ...NOTHING, processes }, expecting())).toEqual([
    'consumer at a:1 cannot work: not read at the moment: q',
    'worker at a:2: the broker at h takes no messages',
    'the daemons have different versions: 0.1.0, 0.2.0',
    'the daemons have different clocks: auto, wall',
  ])
})

test('queues that nobody reads, or that are deep or missing, are wrong', () => {
  const queues = [
    { name: 'idle', exists: true, messages: 0, consumers: 0 },
    { name: 'deep', exists: true, messages: 101, consumers: 2 },
    { name: 'new', exists: false, messages: 0, consumers: 0 },
  ]
  expect(findProblems({ ...NOTHING, queues }, expecting())).toEqual([
    'queue idle: 0 messages wait, and no consumer reads it',
    'queue deep is deep: 101 messages wait (more than 100)',
    'queue new does not exist: no consumer has ever read it',
  ])
})

test('what is away comes first, then what the database holds', () => {
  const broker = { object: 'broker', name: 'h:5672 as me', state: 'error', text: 'refused' } as const
  const away = { ...DATABASE, name: 'away', fault: 'refused', streams: undefined, deadLetters: undefined }
  const stuck = [
    'at 2026-01-01T00:00:00, 3 days behind: for queue q c was the last to read it, and has ended',
  ]
  const full: DatabaseStatus = {
    ...DATABASE,
    streams: { ...STREAMS, error: 1, expire_error: 2 },
    deadLetters: { distill: 2, validate: 1 },
    clock: { mode: 'auto', now: undefined, lagS: undefined, holds: stuck, stuck },
    replay: { text: 'a replay is unfinished', isRunning: false },
  }
  const files = { files: 0, bytes: 0, unfinished: 0, oldestUnfinished: undefined }
  const archives: ArchiveStatus[] = [
    { folder: '/a', fault: 'ENOTDIR', isDenied: false, ...files },
    { folder: '/b', fault: 'EACCES', isDenied: true, ...files },
  ]
  expect(findProblems({ ...NOTHING, broker, archives, databases: [full, away] }, expecting())).toEqual([
    'database away: refused',
    'broker h:5672 as me: refused',
    `the event clock stands ${stuck[0]}`,
    'a replay is unfinished',
    '1 stream in state error',
    '2 streams in state expire_error',
    '3 dead letters: 2 distill, 1 validate',
    'archive /a: ENOTDIR',
  ])
})

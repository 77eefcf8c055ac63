import { expect, test } from 'vitest'
import { formatStatusPage } from '../../../src/cli/status-page.ts'
import type { DeploymentStatus } from '../../../src/deployment-status/deployment-status.ts'

const NOTHING: DeploymentStatus = {
  at: '2026-01-01T00:00:00.000Z',
  problems: [],
  processes: [],
  broker: undefined,
  queues: [],
  archives: [],
  databases: [],
}

test('a page has a line for each thing that is wrong, and tables of what is there', () => {
  const streams = {
    active: 1234,
    firing: 0,
    expiring: 0,
    error: 1,
    expire_error: 0,
    completed: 0,
    retry_fire: 0,
    retry_expire: 0,
  }
  const page = formatStatusPage({
    ...NOTHING,
    problems: ['1 stream in state error'],
    processes: [
      {
        at: '127.0.0.1:9101',
        role: 'consumer',
        name: 'c',
        version: '0.1.0',
        uptimeS: 7200,
        clock: 'auto',
        newestEvent: '2026-01-01T00:00:00',
        state: 'unready',
        reason: 'away',
        remarks: [],
      },
    ],
    queues: [{ name: 'q', exists: true, messages: 12345, consumers: 1 }],
    databases: [
      {
        name: 'h:3306/w',
        fault: undefined,
        schema: '003',
        newestEvent: '2026-01-01T00:00:00',
        newestAgeS: 90,
        streams,
        deadLetters: { distill: 2 },
        clock: { mode: 'auto', now: '2026-01-01T00:00:00', lagS: 90, holds: ['at x'], stuck: [] },
        replay: { text: 'a replay of /done runs', isRunning: true },
      },
    ],
  })
  expect(page.split('\n').map((line) => line.replace(/ +/g, ' '))).toEqual(
    expect.arrayContaining([
      'a replay of /done runs',
      'wrong: 1 stream in state error',
      '| consumer | 127.0.0.1:9101 | 0.1.0 | 2 h | auto | 2026-01-01T00:00:00 | not ready: away |',
      '| q | 12,345 | 1 |',
      '| h:3306/w | 003 | 2026-01-01T00:00:00 (1 min ago) | ok |',
      '| Streams | active | firing | expiring | error | expire_error | completed | retry_fire | retry_expire |',
      '| | 1,234 | 0 | 0 | 1 | 0 | 0 | 0 | 0 |',
      '| Dead letters | distill |',
      'the event clock is 1 min behind: 2026-01-01T00:00:00',
      'the event clock is held at x',
    ]),
  )
})

test('where nothing is wrong the page says so', () => {
  expect(formatStatusPage(NOTHING)).toBe('all is well')
})

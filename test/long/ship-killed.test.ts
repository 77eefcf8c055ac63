import { spawnSync } from 'node:child_process'
import { join, resolve } from 'node:path'
import { expect, test } from 'vitest'
import { temporaryFolder } from '../support/folders.ts'
import { APP_LOGS, ShipFixture } from '../support/ship/ship-fixture.ts'

const ROOT = resolve(import.meta.dirname, '../..')
const HOUR = 3600
const SET = { ...APP_LOGS, regex: '^/srv/(.+)$' }

/** Runs one pass of a real process, which is killed before its n-th touch of the disk. Returns how it ended. */
function runKilledAt(fixture: ShipFixture, touch: number): { signal: string | null; status: number | null } {
  const { signal, status, stderr } = spawnSync(
    process.execPath,
    [
      ...['--import', join(ROOT, 'test/support/kill-at.ts'), join(ROOT, 'src/cli/stv3.ts')],
      ...['ship', '-c', fixture.file, '--once', '--log-level', 'error', '--now', '1970-01-01T03:00:00'],
    ],
    { env: { ...process.env, STACKTACH_KILL_AT: String(touch) }, encoding: 'utf8' },
  )
  expect(stderr).toBe('')
  return { signal, status }
}

test('kill -9 at each touch of the disk loses nothing, and the next process finishes the work', () => {
  let kills = 0
  for (let touch = 1; ; touch++) {
    const fixture = new ShipFixture(temporaryFolder(), [SET])
    fixture.write('/srv/a.log', 'alpha', HOUR)
    const first = runKilledAt(fixture, touch)
    const isSafe =
      fixture.local('/srv/a.log') === 'alpha' ||
      fixture.aside('/srv').includes('alpha') ||
      fixture.object('/app/a.log') === 'alpha'
    expect(isSafe, `after ${touch}`).toBe(true)
    if (first.signal === null) {
      expect(first.status).toBe(0)
      break
    }
    kills++
    expect(runKilledAt(fixture, 10_000)).toEqual({ signal: null, status: 0 })
    expect(fixture.local('/srv/a.log'), `after ${touch}`).toBeUndefined()
    expect(fixture.object('/app/a.log')).toBe('alpha')
    expect(fixture.aside('/srv')).toEqual([])
  }
  expect(kills).toBeGreaterThan(8)
})

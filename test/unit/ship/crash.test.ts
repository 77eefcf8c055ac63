import { expect, test } from 'vitest'
import { temporaryFolder } from '../../support/folders.ts'
import { runUntil } from '../../support/ship/crash-points.ts'
import { ShipFixture } from '../../support/ship/ship-fixture.ts'

const HOUR = 3600
const SETS = [
  {
    name: 'app',
    search_dirs: ['/srv'],
    regex: '^/srv/(.+)\\.log$',
    manta_path: '/app/$1',
    zones: ['global'],
  },
  {
    ...{ name: 'copy', search_dirs: ['/srv'], regex: '^/srv/(.+)\\.log$', manta_path: '/copy/$1' },
    ...{ zones: ['global'], retain_time: HOUR },
  },
]

function host(): ShipFixture {
  const fixture = new ShipFixture(temporaryFolder(), SETS)
  fixture.write('/srv/a.log', 'alpha', HOUR)
  fixture.write('/srv/deep/b.log', 'beta', HOUR)
  return fixture
}

/** Whether a file is here, aside, or whole in the store for both log sets. */
function isSafe(fixture: ShipFixture, folder: string, name: string, content: string): boolean {
  if (fixture.local(`${folder}/${name}.log`) === content) return true
  if (fixture.aside(folder).includes(content)) return true
  const key = `${folder}/${name}`.slice('/srv/'.length)
  return ['app', 'copy'].every((set) => fixture.object(`/${set}/${key}`) === content)
}

test('killed at any touch of the disk, the agent loses nothing, and goes on at its next start', async () => {
  let steps = 0
  for (let isDone = false; !isDone; steps++) {
    const fixture = host()
    isDone = await runUntil(steps, () => fixture.pass(3 * HOUR))
    expect(isSafe(fixture, '/srv', 'a', 'alpha'), `a after ${steps}`).toBe(true)
    expect(isSafe(fixture, '/srv/deep', 'b', 'beta'), `b after ${steps}`).toBe(true)
    await fixture.pass(3 * HOUR)
    await fixture.pass(3 * HOUR)
    for (const [key, content] of [['a', 'alpha'] as const, ['deep/b', 'beta'] as const]) {
      expect(fixture.local(`/srv/${key}.log`), `${key} after ${steps}`).toBeUndefined()
      expect(fixture.object(`/app/${key}`)).toBe(content)
      expect(fixture.object(`/copy/${key}`)).toBe(content)
    }
    expect(fixture.aside('/srv')).toEqual([])
  }
  // Both files are read, stored twice, moved and deleted in between.
  expect(steps).toBeGreaterThan(60)
})

test('killed twice, at any two touches, it loses nothing either', async () => {
  for (let first = 5; first < 90; first += 7) {
    for (let second = 3; second < 60; second += 11) {
      const fixture = host()
      await runUntil(first, () => fixture.pass(3 * HOUR))
      await runUntil(second, () => fixture.pass(3 * HOUR))
      expect(isSafe(fixture, '/srv', 'a', 'alpha'), `${first} ${second}`).toBe(true)
      expect(isSafe(fixture, '/srv/deep', 'b', 'beta'), `${first} ${second}`).toBe(true)
      await fixture.pass(3 * HOUR)
      expect(fixture.object('/app/a')).toBe('alpha')
      expect(fixture.local('/srv/a.log')).toBeUndefined()
    }
  }
})

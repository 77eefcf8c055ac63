import { appendFileSync, existsSync, rmSync } from 'node:fs'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { temporaryFolder } from '../../support/folders.ts'
import { runUntil } from '../../support/ship/crash-points.ts'
import { ShipFixture } from '../../support/ship/ship-fixture.ts'

/** Begin of time, s since the epoch. */
const BEGIN = 1_000_000
const RETAIN_S = 1000
const SETS = [
  {
    ...{ name: 'app', search_dirs: ['/srv', '/srv/a'], regex: '^/srv/(.+)\\.log$', manta_path: '/app/$1' },
    ...{ zones: ['global'], debounce_time: 100, retain_time: RETAIN_S },
  },
  {
    ...{ name: 'copy', search_dirs: ['/srv/a'], regex: '^/srv/a/(.+)$', manta_path: '/copy/$1' },
    ...{ zones: ['global'], debounce_time: 300 },
  },
]

const paths = fc.constantFrom(
  ...['/srv/x.log', '/srv/a/x.log', '/srv/a/b/y.log', '/srv/a/line\nfeed.log', '/srv/a/plain', '/srv/none'],
)

const step = fc.oneof(
  fc.record({ op: fc.constant('write' as const), path: paths, size: fc.integer({ min: 0, max: 40 }) }),
  fc.record({ op: fc.constant('append' as const), path: paths }),
  fc.record({ op: fc.constant('delete' as const), path: paths }),
  fc.record({ op: fc.constant('time' as const), by: fc.integer({ min: -200, max: 900 }) }),
  fc.record({ op: fc.constant('pass' as const) }),
  fc.record({ op: fc.constant('crash' as const), at: fc.integer({ min: 0, max: 60 }) }),
)

/** Returns the keys that a path of a file has in the store, by log set. */
function keysOf(path: string): string[] {
  const app = /^\/srv\/(.+)\.log$/s.exec(path)
  const copy = /^\/srv\/a\/(.+)$/s.exec(path)
  return [...(app ? [`/app/${app[1]}`] : []), ...(copy ? [`/copy/${copy[1]}`] : [])]
}

/** What users have written, and when it was last changed. */
type Files = Map<string, { content: string; mtime: number }>

function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/'))
}

/** Checks that each file that is gone from here is in the store for all log sets, and that its retention was over. */
function checkNothingLost(fixture: ShipFixture, files: Files, now: number): void {
  for (const [path, { content, mtime }] of files) {
    if (fixture.local(path) === content || fixture.aside(folderOf(path)).includes(content)) continue
    const keys = keysOf(path)
    expect(keys.length, `${path} matches no log set and is gone`).toBeGreaterThan(0)
    if (content !== '') for (const key of keys) expect(fixture.object(key), key).toBe(content)
    const isApp = path.endsWith('.log')
    expect(now, `${path} was deleted too early`).toBeGreaterThanOrEqual(
      mtime + (isApp ? 100 + RETAIN_S : 300),
    )
    files.delete(path)
  }
}

test('whatever happens to files, clock and agent, a file is deleted only when it is stored and its time is over', async () => {
  let count = 0
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 14 }), async (steps) => {
      const fixture = new ShipFixture(temporaryFolder(), SETS)
      const files: Files = new Map()
      let now = BEGIN
      for (const one of steps) {
        if (one.op === 'write') {
          // No content comes twice.
          const content = one.size === 0 ? '' : `${count++}:${'x'.repeat(one.size)}`
          fixture.write(one.path, content, now)
          files.set(one.path, { content, mtime: now })
        } else if (one.op === 'append') {
          const file = files.get(one.path)
          if (!file || fixture.local(one.path) === undefined) continue
          appendFileSync(fixture.path(one.path), '+')
          fixture.write(one.path, `${file.content}+`, now)
          files.set(one.path, { content: `${file.content}+`, mtime: now })
        } else if (one.op === 'delete') {
          if (!existsSync(fixture.path(one.path))) continue
          rmSync(fixture.path(one.path))
          files.delete(one.path)
        } else if (one.op === 'time') now += one.by
        else if (one.op === 'pass') await fixture.pass(now, 3)
        else await runUntil(one.at, () => fixture.pass(now, 3))
        checkNothingLost(fixture, files, now)
      }
      for (const wait of [5000, 10_000, 20_000, 40_000]) {
        now += wait
        await fixture.pass(now)
        checkNothingLost(fixture, files, now)
      }
      for (const [path, { content }] of files) {
        const keys = keysOf(path)
        const isTaken = keys.some((key) => ![undefined, content].includes(fixture.object(key)))
        // A name that is used again keeps its file here, for nothing is overwritten.
        if (keys.length > 0 && !isTaken) throw new Error(`${JSON.stringify(path)} never arrived`)
      }
    }),
    { numRuns: 60 },
  )
})

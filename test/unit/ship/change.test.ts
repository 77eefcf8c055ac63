import { appendFileSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import fs from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'
import { expect, onTestFinished, test, vi } from 'vitest'
import { temporaryFolder } from '../../support/folders.ts'
import { APP_LOGS, ShipFixture } from '../../support/ship/ship-fixture.ts'

const HOUR = 3600

/** Runs a change right before or after the n-th touch of the disk by a pass; resolves to whether it came to that. */
async function passWithChange(fixture: ShipFixture, touch: number, change: () => void): Promise<boolean> {
  let count = 0
  const names = ['open', 'rename', 'link', 'unlink', 'lstat'] as const
  const spies = names.map((name) => {
    const real = fs[name] as (...args: unknown[]) => Promise<unknown>
    return vi.spyOn(fs, name).mockImplementation((async (...args: unknown[]) => {
      if (++count === touch) change()
      return real(...args)
    }) as never)
  })
  syncBuiltinESMExports()
  try {
    await fixture.pass(3 * HOUR)
  } finally {
    for (const spy of spies) spy.mockRestore()
    syncBuiltinESMExports()
  }
  return count >= touch
}

const CHANGES: { readonly [name: string]: (path: string) => void } = {
  'appended to': (path) => appendFileSync(path, 'late'),
  'appended to, with its old time': (path) => {
    appendFileSync(path, 'late')
    utimesSync(path, HOUR, HOUR)
  },
  'rewritten in the same size, with its old time': (path) => {
    writeFileSync(path, 'ALPHA')
    utimesSync(path, HOUR, HOUR)
  },
  'replaced by another file': (path) => {
    writeFileSync(`${path}.new`, 'other')
    utimesSync(`${path}.new`, HOUR, HOUR)
    renameSync(`${path}.new`, path)
  },
}

test.each(Object.keys(CHANGES))('a file that is %s between any two steps is not lost', async (name) => {
  for (let touch = 1, hasChanged = true; hasChanged; touch++) {
    const fixture = new ShipFixture(temporaryFolder(), [APP_LOGS])
    const path = fixture.path('/srv/a.log')
    fixture.write('/srv/a.log', 'alpha', HOUR)
    let content: string | undefined
    hasChanged = await passWithChange(fixture, touch, () => {
      // Once it is aside or deleted, the writer makes a new file.
      CHANGES[name]?.(path)
      content = fixture.local('/srv/a.log')
    })
    if (!hasChanged) break
    await fixture.pass(3 * HOUR)
    const isHere = fixture.local('/srv/a.log') === content
    const isStored = fixture.object('/app/a') === content
    expect(isHere || isStored, `${name} at ${touch}: ${content}`).toBe(true)
  }
})

test('links are not followed: neither files nor folders, nor a folder above', async () => {
  const fixture = new ShipFixture(temporaryFolder(), [{ ...APP_LOGS, search_dirs: ['/srv', '/link/in'] }])
  fixture.write('/secret/in/x.log', 'secret', HOUR)
  fixture.write('/srv/a.log', 'alpha', HOUR)
  symlinkSync(fixture.path('/secret'), fixture.path('/srv/folder'))
  symlinkSync(fixture.path('/secret/in/x.log'), fixture.path('/srv/file.log'))
  symlinkSync(fixture.path('/secret'), fixture.path('/link'))
  const outcomes = await fixture.pass(3 * HOUR)
  expect(outcomes.map(({ path }) => path)).toEqual([fixture.path('/srv/a.log')])
  expect(fixture.local('/secret/in/x.log')).toBe('secret')
})

test('a folder that becomes a link on the way leads nowhere', async () => {
  for (let touch = 1, hasChanged = true; hasChanged; touch++) {
    const fixture = new ShipFixture(temporaryFolder(), [APP_LOGS])
    fixture.write('/srv/in/x.log', 'own', HOUR)
    fixture.write('/other/x.log', 'secret', HOUR)
    hasChanged = await passWithChange(fixture, touch, () => {
      renameSync(fixture.path('/srv/in'), fixture.path('/srv/was'))
      symlinkSync(fixture.path('/other'), fixture.path('/srv/in'))
    })
    expect(fixture.local('/other/x.log')).toBe('secret')
    expect([undefined, 'own']).toContain(fixture.object('/app/in/x'))
  }
})

test('a file that comes while its forerunner is put back keeps its name', async () => {
  const fixture = new ShipFixture(temporaryFolder(), [APP_LOGS])
  const path = fixture.path('/srv/a.log')
  fixture.write('/srv/a.log', 'alpha', HOUR)
  const real = fs.lstat
  const spy = vi.spyOn(fs, 'lstat').mockImplementation((async (file: Buffer, options: object) => {
    // The first look at a file that was moved aside.
    const found = await real(file, options)
    if (file.toString().includes('/proc/') && fixture.local('/srv/a.log') === undefined) {
      writeFileSync(path, 'new')
      appendFileSync(`/proc/self/fd/${heldFd}`, 'late')
    }
    return found
  }) as never)
  const { openSync, closeSync } = await import('node:fs')
  const heldFd = openSync(path, 'a')
  onTestFinished(() => closeSync(heldFd))
  syncBuiltinESMExports()
  const [outcome] = await fixture.pass(3 * HOUR)
  spy.mockRestore()
  syncBuiltinESMExports()
  expect(outcome).toMatchObject({ decision: 'failed', error_kind: 'changed' })
  expect(fixture.local('/srv/a.log')).toBe('new')
  expect(fixture.local('/srv/a.log.kept-1')).toBe('alphalate')
  rmSync(path)
})

import { spawnSync } from 'node:child_process'
import { readdirSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { expect, test } from 'vitest'
import { readRecords } from '../../src/archive/reader/read-records.ts'
import { openRollingArchive } from '../../src/archive/rolling/rolling-archive.ts'
import { silentLogger } from '../../src/runtime/logger.ts'
import { temporaryFolder } from '../support/folders.ts'

const SUPPORT = resolve(import.meta.dirname, '../support')
/** A process that lives to the end touches the disk less often. */
const MOST_STEPS = 1000

/** Runs a writer that is killed at its n-th step; returns what it said. */
function runKilled(folder: string, form: string, compression: string, step: number): string[] {
  const { stdout } = spawnSync(
    process.execPath,
    ['--import', join(SUPPORT, 'kill-at.ts'), join(SUPPORT, 'rolling-writer.ts'), folder, form, compression],
    { env: { ...process.env, STACKTACH_KILL_AT: String(step) }, encoding: 'utf8' },
  )
  return stdout.split('\n').filter((line) => line !== '')
}

/** Completes what is left, as the next process does. */
async function complete(folder: string, compression: 'none' | 'gzip'): Promise<void> {
  const archive = await openRollingArchive({
    workingDirectory: join(folder, 'working'),
    destinationFolder: join(folder, 'done'),
    filenameTemplate: 'n_%f_[[CRC]].json',
    rollBytes: 1,
    rollMinutes: 0,
    compression,
    hasIndex: true,
    logger: silentLogger,
  })
  await archive.close()
}

async function textsIn(folder: string): Promise<string[]> {
  const texts: string[] = []
  for (const name of readdirSync(join(folder, 'done')).filter((one) => !one.startsWith('.'))) {
    const path = join(folder, 'done', name)
    expect(statSync(path).size, name).toBeGreaterThan(0)
    expect(statSync(path).mode & 0o777).toBe(0o600)
    const onDamage = () => expect.unreachable(`${name} is damaged`)
    for await (const records of readRecords(path, { onDamage }))
      for (const { payload } of records) texts.push(JSON.parse(String(payload)).text)
  }
  return texts.sort()
}

test.each([
  ['lines', 'none'],
  ['lines', 'gzip'],
  ['shoebox', 'gzip'],
] as const)(
  'whenever a process is killed that writes %s packed by %s, all that was kept is there, once, and nothing else is left',
  async (form, compression) => {
    for (let step = 1; step < MOST_STEPS; step++) {
      const folder = temporaryFolder()
      const said = runKilled(folder, form, compression, step)
      await complete(folder, compression)
      const texts = await textsIn(folder)
      const kept = said.filter((text) => text !== 'closed')
      expect(texts, `step ${step}`).toEqual([...new Set(texts)])
      expect(texts, `step ${step}`).toEqual(expect.arrayContaining(kept))
      expect(readdirSync(join(folder, 'working')), `step ${step}`).toEqual([])
      if (said.at(-1) === 'closed') {
        expect(step).toBeGreaterThan(20)
        return
      }
    }
    expect.unreachable('the writer never came to its end')
  },
)

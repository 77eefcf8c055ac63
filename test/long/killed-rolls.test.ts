import { spawnSync } from 'node:child_process'
import { readdirSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { expect, test } from 'vitest'
import { readRecords } from '../../src/archive/reader/read-records.ts'
import { openRollingArchive } from '../../src/archive/rolling/rolling-archive.ts'
import { silentLogger } from '../../src/runtime/logger.ts'
import { temporaryFolder } from '../support/folders.ts'
import { until } from '../support/until.ts'

const SUPPORT = resolve(import.meta.dirname, '../support')
/** A process that lives to the end touches the disk less often. */
const MOST_STEPS = 1000

/** Runs a writer that is killed at its n-th step, or whose packing process is; returns what it said. */
function runKilled(folder: string, args: readonly string[], step: number, more: object = {}): string[] {
  const { stdout } = spawnSync(process.execPath, [join(SUPPORT, 'rolling-writer.ts'), folder, ...args], {
    env: {
      ...process.env,
      NODE_OPTIONS: `--import ${join(SUPPORT, 'kill-at.ts')}`,
      STACKTACH_KILL_AT: String(step),
      ...more,
    },
    encoding: 'utf8',
  })
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

const LARGE = String(5 << 20)

test.each([
  ['lines', 'none', '0', {}, 20],
  ['lines', 'gzip', '0', {}, 20],
  ['shoebox', 'gzip', '0', {}, 20],
  ['lines copied to another disk', 'none', '0', { STACKTACH_OTHER_DISK: 'yes' }, 20],
  ['lines copied to another disk', 'gzip', '0', { STACKTACH_OTHER_DISK: 'yes' }, 20],
  ['large files of lines, while they are packed', 'gzip', LARGE, { STACKTACH_KILL_IN: 'rolling-writer' }, 20],
  ['large files of lines with its packing process', 'gzip', LARGE, { STACKTACH_KILL_IN: 'pack-program' }, 5],
] as const)(
  'whenever a process is killed that writes %s packed by %s, all that was kept is there, once, and nothing else is left',
  async (what, compression, size, more, fewest) => {
    const form = what === 'shoebox' ? 'shoebox' : 'lines'
    for (let step = 1; step < MOST_STEPS; step++) {
      const folder = temporaryFolder()
      const said = runKilled(folder, [form, compression, size], step, more)
      const isWhole = said.at(-1) === 'closed' && readdirSync(join(folder, 'working')).length === 0
      await complete(folder, compression)
      const texts = await textsIn(folder)
      const kept = said.filter((text) => text !== 'closed')
      expect(texts, `step ${step}`).toEqual([...new Set(texts)])
      expect(texts, `step ${step}`).toEqual(expect.arrayContaining(kept))
      // The packing process of the killed one may be about to end.
      await until(`the working folder to be empty at step ${step}`, async () => {
        return readdirSync(join(folder, 'working')).length === 0
      })
      expect(
        readdirSync(join(folder, 'done')).filter((name) => name.endsWith('.copying')),
        `step ${step}`,
      ).toEqual([])
      if (isWhole) {
        expect(step).toBeGreaterThan(fewest)
        return
      }
    }
    expect.unreachable('the writer never came to its end')
  },
)

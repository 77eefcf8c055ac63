import { appendFileSync, copyFileSync, readFileSync, renameSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { temporaryFolder } from '../support/folders.ts'
import { expectEachOnce, LogDeployment, writeLines } from '../support/logs/log-deployment.ts'
import { until } from '../support/until.ts'

const COUNT = 8000

test('files are rotated under writers that open, lock or hold them, and no line is lost or repeated', async () => {
  const logs = await LogDeployment.create(temporaryFolder(), {
    collector: ['--rotate-bytes', '50000', '--log-level', 'info'],
  })
  logs.startProcessor()
  logs.startCollector()
  await Promise.all([
    writeLines('append', join(logs.source, 'one.log'), 'a', COUNT),
    writeLines('flock', join(logs.source, 'two.log'), 'b', 2000),
    writeLines('hold', join(logs.source, 'three.log'), 'c', COUNT),
  ])
  await logs.untilLines(2 * COUNT + 2000)
  await logs.stop()
  expectEachOnce(logs.lines(), { a: COUNT, b: 2000, c: COUNT })
  // Of all that was written only what was not replaced is left.
  const left = readFileSync(join(logs.source, 'one.log.old'), 'utf8').length
  expect(left).toBeLessThan(readFileSync(join(logs.target, 'one.log'), 'utf8').length / 2)
})

test('copytruncate and logrotate by others lose no line and repeat none', async () => {
  const logs = await LogDeployment.create(temporaryFolder(), { collector: ['--exclude', '*.[0-9]'] })
  logs.startProcessor()
  logs.startCollector()
  const [cut, moved] = [join(logs.source, 'cut.log'), join(logs.source, 'moved.log')]
  let written = 0
  const write = (lines: number) => {
    for (let index = 0; index < lines; index++, written++) {
      appendFileSync(cut, `cut ${written} text\n`)
      appendFileSync(moved, `moved ${written} text\n`)
    }
  }
  for (let round = 0; round < 12; round++) {
    write(50 + round * 37)
    // Between copying and cutting nothing is written: what is, no program can save. All of it must have been read.
    await until('all to be read', () => logs.lines().length === 2 * written)
    copyFileSync(cut, `${cut}.${round % 3}`)
    truncateSync(cut)
    renameSync(moved, `${moved}.${round % 3}`)
    if (round % 2 === 0) await delay(300)
  }
  write(10)
  await logs.untilLines(2 * written)
  await logs.stop()
  expectEachOnce(logs.lines(), { cut: written, moved: written })
})

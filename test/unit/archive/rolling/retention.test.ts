import { existsSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { Retention, type RetentionOptions } from '../../../../src/archive/rolling/retention.ts'
import { silentLogger } from '../../../../src/runtime/logger.ts'
import { temporaryFolder } from '../../../support/folders.ts'

const DAY_MS = 86_400_000
const NOW = Date.parse('2026-06-01T00:00:00Z')

function setUp(more: Partial<RetentionOptions> = {}) {
  const folder = temporaryFolder()
  const clocks = { wall: NOW, machine: 0 }
  const write = (name: string, days: number) => {
    writeFileSync(join(folder, name), name)
    const time = new Date(NOW - days * DAY_MS)
    utimesSync(join(folder, name), time, time)
  }
  const retention = new Retention({
    folder,
    filenameTemplate: 'n_%Y_[[CRC]].json',
    days: 7,
    mustBeShipped: false,
    logger: silentLogger,
    now: () => clocks.wall,
    machineNow: () => clocks.machine,
    ...more,
  })
  const isThere = (name: string) => existsSync(join(folder, name))
  return { clocks, write, retention, isThere }
}

test('old files are deleted with what belongs to them; others and files of other names stay', async () => {
  const { write, retention, isThere } = setUp()
  const names = ['n_2026_0a.json', 'n_2026_0b.json.gz', 'n_2026_0c.json.1', 'n_2026_0d.json.zst.done']
  for (const name of names) write(name, 8)
  const beside = ['.n_2026_0a.json.index', '.n_2026_0a.json.shipped']
  for (const name of beside) write(name, 8)
  write('n_2026_0e.json', 0)
  for (const name of ['other.json', 'n_2026_XX.json', 'xn_2026_0a.json', 'n_2026_0a.jsonl']) write(name, 100)
  await retention.step()
  expect([...names, ...beside].filter(isThere)).toEqual([])
  expect(
    ['n_2026_0e.json', 'other.json', 'n_2026_XX.json', 'xn_2026_0a.json', 'n_2026_0a.jsonl'].filter(isThere),
  ).toHaveLength(5)
})

test('what was left of files that are gone is deleted, that of others stays', async () => {
  const { write, retention, isThere } = setUp()
  const left = ['index', 'shipped', 'in-store'].map((mark) => `.n_2026_0a.json.${mark}`)
  const others = ['n_2026_0e.json', '.n_2026_0e.json.index', '.other.json.index', '.stv3-ships']
  for (const name of [...left, ...others]) write(name, 1)
  await retention.step()
  expect([...left, ...others].filter(isThere)).toEqual(others)
})

test('what the callbacks have not had is kept', async () => {
  const { write, retention, isThere } = setUp({ mustBeShipped: true })
  for (const name of ['n_2026_0a.json', 'n_2026_0b.json', '.n_2026_0b.json.shipped']) write(name, 8)
  write('n_2026_0c.json', 0)
  await retention.step()
  expect([isThere('n_2026_0a.json'), isThere('n_2026_0b.json')]).toEqual([true, false])
})

test('a clock that jumps ahead deletes nothing for a day of machine time', async () => {
  const { clocks, write, retention, isThere } = setUp()
  write('n_2026_0a.json', 1)
  const pass = (ms: number) => {
    clocks.wall += ms
    clocks.machine += ms
    return retention.step()
  }
  clocks.wall += 3650 * DAY_MS
  await pass(60_000)
  for (let hour = 0; hour < 23; hour++) await pass(3_600_000)
  expect(isThere('n_2026_0a.json')).toBe(true)
  clocks.wall -= 3650 * DAY_MS
  await pass(60_000)
  for (let hour = 0; hour < 30; hour++) await pass(3_600_000)
  expect(isThere('n_2026_0a.json')).toBe(true)
  write('n_2026_0b.json', -8)
  for (let hour = 0; hour < 7 * 24; hour++) await pass(3_600_000)
  expect(isThere('n_2026_0a.json')).toBe(false)
})

test('a clock that is years ahead since the start deletes nothing that is not old beside the newest file', async () => {
  const { write, retention, isThere } = setUp({ now: () => NOW + 3650 * DAY_MS })
  write('n_2026_0a.json', 9)
  write('n_2026_0b.json', 1)
  await retention.step()
  expect([isThere('n_2026_0a.json'), isThere('n_2026_0b.json')]).toEqual([false, true])
})

test('files of another archive whose names begin alike are left alone', async () => {
  const { write, retention, isThere } = setUp({ filenameTemplate: 'nova_%Y-%m-%d.json' })
  write('nova_2026-05-01.json', 30)
  write('nova_cell2_2026-05-01.json', 30)
  write('nova_backup.json', 30)
  write('nova_2026-06-01.json', 0)
  await retention.step()
  expect(['nova_2026-05-01.json', 'nova_cell2_2026-05-01.json', 'nova_backup.json'].map(isThere)).toEqual([
    false,
    true,
    true,
  ])
})

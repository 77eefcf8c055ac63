import fs from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { indexPath } from '../../../src/archive/file-index/file-index.ts'
import { indexFile, writeIndex } from '../../../src/archive/packing/pack-file.ts'
import { findNotification } from '../../../src/assembly/find-notification.ts'
import type { Config } from '../../../src/config/load/config.ts'
import { parseIso } from '../../../src/domain/time.ts'
import { folderWith } from '../../support/folders.ts'

const TIMESTAMP = '2026-11-30T12:00:00.000000'

/** Ids of notifications: the index says of the second nothing, since it may be a number. */
const IDS = ['7c9e6679-7425-40de-944b-e07fc1f90ae7', '20261130-1', '3f2504e0-4f89-41d3-9a0c-0305e82c3301']

/** Returns a line of an archive. */
function lineOf(message_id: string): string {
  return `${JSON.stringify({ message_id, event_type: 'x', timestamp: TIMESTAMP, payload: {} })}\n`
}

/** Counts how often each index is read until the test ends. */
function countIndexReads(): { readonly [path: string]: number } {
  const counts: { [path: string]: number } = {}
  const real = fs.readFile as (...args: unknown[]) => Promise<unknown>
  const spy = vi.spyOn(fs, 'readFile').mockImplementation((async (...args: unknown[]) => {
    const path = String(args[0])
    if (path.endsWith('.index')) counts[path] = (counts[path] ?? 0) + 1
    return real(...args)
  }) as never)
  syncBuiltinESMExports()
  onTestFinished(() => {
    spy.mockRestore()
    syncBuiltinESMExports()
  })
  return counts
}

test('the notification of an event is found in files with and without an index, each of which is read once', async () => {
  const [first, second, third] = IDS.map(lineOf) as [string, string, string]
  const folder = folderWith({ 'working/c.json': third, 'done/b.json': second, 'done/a.json': first })
  for (const name of ['a', 'b']) {
    const file = join(folder, 'done', `${name}.json`)
    await writeIndex(indexPath(file), await indexFile(file))
  }
  const archive = { workingDirectory: join(folder, 'working'), destinationFolder: join(folder, 'done') }
  const config = { yagi: { queues: [{ archive }] } } as unknown as Config
  const find = async (messageId: string) => {
    const event = { messageId, timestamp: parseIso(TIMESTAMP) as number }
    const body = await findNotification(config, event, new AbortController().signal)
    return body && `${body}\n`
  }
  const counts = countIndexReads()
  expect(await find('00000000-0000-4000-8000-00000000000f')).toBeUndefined()
  expect(Object.values(counts)).toEqual([1, 1, 1])
  expect(await Promise.all(IDS.map(find))).toEqual([first, second, third])
})

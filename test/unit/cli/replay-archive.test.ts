import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Compression } from '../../../src/archive/compression.ts'
import type { ArchiveFormat } from '../../../src/archive/format.ts'
import { createLineFormat } from '../../../src/archive/lines/line-format.ts'
import { openRollingArchive } from '../../../src/archive/rolling/rolling-archive.ts'
import { createShoeboxFormat } from '../../../src/archive/shoebox/shoebox-format.ts'
import { silentLogger } from '../../../src/runtime/logger.ts'
import { ORDER_LINES, Orders } from '../../support/orders.ts'
import { runInProcess } from '../../support/run-in-process.ts'

/** Writes lines into an archive as a consumer of the queue `orders` does, two a file. Returns the folder. */
async function archived(
  folder: string,
  lines: readonly string[],
  format: ArchiveFormat,
  compression: Compression,
) {
  const destinationFolder = join(folder, 'done')
  for (let at = 0; at < lines.length; at += 2) {
    const archive = await openRollingArchive({
      workingDirectory: join(folder, 'working'),
      destinationFolder,
      filenameTemplate: `orders_${9 - at}_[[CRC]]`,
      rollBytes: 1_000_000,
      rollMinutes: 60,
      format,
      compression,
      hasIndex: true,
      logger: silentLogger,
    })
    await archive.append(
      lines.slice(at, at + 2).map((line) => ({
        body: Buffer.from(line),
        isJson: line.startsWith('{'),
        metadata: () => [
          ['queue', 'orders'],
          ['received_at', '2026-01-02T00:00:00'],
        ],
      })),
    )
    await archive.close()
  }
  return destinationFolder
}

const WRAP = { region: 'r', cell: 'c' }
const NO_TIME = '{"event_type": "order.placed", "message_id": "untimed", "payload": {"order": "u"}}'

test.each<[string, boolean, ArchiveFormat, Compression]>([
  ['lines', false, createLineFormat(), 'none'],
  ['lines with region and cell, by gzip', false, createLineFormat(WRAP), 'gzip'],
  ['binary files', true, createShoeboxFormat(), 'none'],
  ['binary files by zstd', true, createShoeboxFormat(WRAP), 'zstd'],
])(
  'an archive of %s is replayed in order of time, whatever the names of its files',
  async (_, isBinary, format, compression) => {
    const orders = await new Orders().prepare()
    const folder = await archived(orders.folder, [...ORDER_LINES, 'no json', NO_TIME], format, compression)
    const replay = (...options: string[]) =>
      runInProcess('stv3', ['replay', folder, '-c', orders.config, '--json', ...options])
    expect(JSON.parse((await replay()).stdout)).toMatchObject({
      stored: 7,
      dead_letters: 1,
      fired: 2,
      // A line knows no time of receipt, and that of the binary record is over.
      expired: isBinary ? 2 : 1,
      late: 0,
    })
    const page = { limit: 10, mark: undefined, ascending: true }
    const letters = await orders.look((store) => store.listDeadLetters({}, page))
    expect(letters.map(({ queue }) => queue)).toEqual([isBinary ? 'orders' : 'replay'])
    const chosen = await replay('--dry-run', '--where', 'order=c', '--from', '2026-01-02T00:05:00')
    expect(JSON.parse(chosen.stdout).streams.map(({ events }: { events: string[] }) => events)).toEqual([
      ['c-done'],
    ])
  },
)

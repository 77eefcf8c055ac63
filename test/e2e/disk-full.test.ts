import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { Mariadb } from '../../sandbox/servers/mariadb.ts'
import { createMysqlDatabase } from '../../sandbox/servers/mysql-store.ts'
import { archivedIds } from '../support/archived-ids.ts'
import { temporaryFolder } from '../support/folders.ts'
import { writeLines } from '../support/notifications.ts'
import { deleteQueue, deployShipped } from '../support/servers/deploy.ts'
import { until } from '../support/until.ts'

const QUEUE = 'e2e.disk-full'
const MEGABYTE = 1024 * 1024
const MESSAGES = 1500

/** A file system in memory of so many megabytes, that is gone when the test is over. */
function mount(folder: string, megabytes: number): void {
  mkdirSync(folder)
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'none', folder])
  onTestFinished(() => void execFileSync('umount', [folder]))
}

/** Leaves so many bytes of a file system free; what takes the others can be removed again. */
function fill(folder: string, free: number): { remove(): void } {
  const file = join(folder, 'filler')
  const { bavail, bsize } = statfsSync(folder)
  writeFileSync(file, Buffer.alloc(bavail * bsize - free))
  return { remove: () => rmSync(file) }
}

/** Messages of some 2 KB about one instance. */
function messages(name: string): string[] {
  return Array.from({ length: MESSAGES }, (_, n) =>
    JSON.stringify({
      event_type: 'compute.instance.update',
      message_id: `${name}-${n}`,
      timestamp: '2026-01-01T00:00:00',
      payload: { instance_id: `${name}-${n % 7}`, display_name: 'x'.repeat(2000) },
    }),
  )
}

/** Few users may, and root only where the machine is its own. */
function canMount(): boolean {
  const folder = mkdtempSync(join(tmpdir(), 'stacktach-mount-'))
  const isMounted = spawnSync('mount', ['-t', 'tmpfs', 'none', folder]).status === 0
  if (isMounted) execFileSync('umount', [folder])
  rmSync(folder, { recursive: true })
  return isMounted
}

test.skipIf(!canMount())(
  'full disks of archive and database are waited for and cost no message (left out where no small ones can be mounted)',
  async () => {
    const folder = temporaryFolder()
    const [archiveDisk, databaseDisk] = [join(folder, 'archive-disk'), join(folder, 'database-disk')]
    mount(archiveDisk, 16)
    mount(databaseDisk, 200)
    const server = await Mariadb.start(join(databaseDisk, 'mariadb'))
    onTestFinished(() => server.stop())
    const deployment = await deployShipped(folder, QUEUE, {
      databaseUrl: await createMysqlDatabase(server.url, 'full'),
      consumers: 1,
      workers: 1,
      archiveFolder: archiveDisk,
    })
    try {
      const [consumer] = deployment.consumers
      const says = (text: string) => () => consumer?.stderr.includes(text) === true
      const publish = (name: string) =>
        deployment.publish(writeLines(folder, `${name}.jsonl`, messages(name)))

      const ofArchive = fill(archiveDisk, MEGABYTE)
      await publish('archive')
      await until('the archive to be full', says('ENOSPC'))
      ofArchive.remove()
      await deployment.settled(MESSAGES)

      const ofDatabase = fill(databaseDisk, MEGABYTE)
      await publish('database')
      const saysFull = says("The table 'event' is full")
      await until('the database to be full', () => server.hasEnded || saysFull())
      // Long enough for the batch to be suspected, and to be halved.
      await delay(3000)
      ofDatabase.remove()
      await deployment.settled(2 * MESSAGES).catch(async (error: Error) => {
        // A MariaDB that finds no space to roll back in ends itself, when it says that it is full or later.
        await until(`${error.message}: the server to have ended`, () => server.hasEnded)
        await server.restart('SIGTERM')
        await deployment.settled(2 * MESSAGES)
      })

      expect(await deployment.store.countDeadLetters({})).toBe(0)
      expect(new Set(archivedIds(archiveDisk)).size).toBe(2 * MESSAGES)
      const streams = await deployment.allStreams()
      expect(streams.reduce((sum, { eventCount }) => sum + eventCount, 0)).toBe(2 * MESSAGES)
    } finally {
      await deployment.stop()
      await deleteQueue(QUEUE)
    }
  },
  200_000,
)

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startMariadb } from '../../sandbox/servers/mariadb.ts'
import { startRabbitmq } from '../../sandbox/servers/rabbitmq.ts'

export type BenchServers = {
  /** for files of the bench */
  readonly folder: string
  /** Each starts a server of the bench's own and answers its URL. */
  startRabbitmq(): Promise<string>
  startMariadb(): Promise<string>
}

/** Runs a bench with a folder and servers of its own; afterwards they are gone, however it ended. */
export async function withServers(run: (servers: BenchServers) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'stacktach-bench-'))
  const stops: (() => Promise<void>)[] = []
  try {
    await run({
      folder,
      startRabbitmq: () => startRabbitmq(join(folder, 'rabbitmq'), stops),
      startMariadb: () => startMariadb(join(folder, 'mariadb'), stops),
    })
  } finally {
    for (const stop of stops) await stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

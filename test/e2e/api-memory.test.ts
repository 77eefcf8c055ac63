import { connect } from 'node:net'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { freePort } from '../../sandbox/servers/server-process.ts'
import type { OpenDatabase } from '../../src/store/dialect.ts'
import { openMysqlDatabase } from '../../src/store/mysql/mysql-database.ts'
import { upgradeSchema } from '../../src/store/schema/migrate.ts'
import { createSqlStore } from '../../src/store/sql-store.ts'
import { openSqliteDatabase } from '../../src/store/sqlite/sqlite-database.ts'
import { copyConfig } from '../support/copy-config.ts'
import { createTestDatabase } from '../support/databases.ts'
import { at, event, routerOf } from '../support/events.ts'
import { temporaryFolder } from '../support/folders.ts'
import { startProgram } from '../support/servers/start-program.ts'
import { until } from '../support/until.ts'

const NOW = at('2026-01-01T00:00:00')
const COUNT = 80
const MB = 1_000_000

const KINDS: readonly {
  name: string
  url(folder: string): Promise<string>
  open(url: string): Promise<OpenDatabase>
}[] = [
  {
    name: 'sqlite',
    url: async (folder) => `sqlite:${join(folder, 'events.db')}`,
    open: async (url) => openSqliteDatabase(url.replace('sqlite:', '')),
  },
  {
    name: 'mysql',
    url: () => createTestDatabase(),
    open: (url) => openMysqlDatabase({ url: new URL(url) }),
  },
]

/** One stream of events with a text of a megabyte each. */
async function fill(database: OpenDatabase): Promise<void> {
  await upgradeSchema(database.db, database.dialect.types)
  const store = await createSqlStore(database, { writer: 'test' })
  const router = routerOf({ expiration: '$last + 3000d' })
  const text = 'x'.repeat(MB)
  for (let start = 0; start < COUNT; start += 10) {
    const arrivals = Array.from({ length: 10 }, (_, index) => {
      const traits = { text: { type: 'text', value: text } } as const
      const one = event({ messageId: `m${start + index}`, host: 'h', timestamp: NOW + start + index, traits })
      return { event: one, at: NOW, keys: router.keysOf(one) }
    })
    await store.storeBatch({ arrivals, deadLetters: [] }, router)
  }
  await store.close()
}

test.each(KINDS)(
  'nothing that is asked ends the API where events of $name are large',
  async ({ url, open }) => {
    const folder = temporaryFolder()
    const databaseUrl = await url(folder)
    await fill(await open(databaseUrl))
    const port = await freePort()
    const program = startProgram(
      ['api', '-c', copyConfig(folder, []), '--listen', `127.0.0.1:${port}`],
      'stv3',
      { STACKTACH_DATABASE_URL: databaseUrl, NODE_OPTIONS: '--max-old-space-size=256' },
    )
    const api = `http://127.0.0.1:${port}`
    const ask = (path: string) => fetch(`${api}${path}`)
    await until('it answers', () =>
      ask('/docs').then(
        ({ ok }) => ok,
        () => false,
      ),
    )

    const lengths = await Promise.all(
      Array.from({ length: 20 }, async (_, index) => {
        const path = ['events?limit=1000', 'events', 'events?traits=host:h', 'streams?limit=1000'][index % 4]
        const response = await ask(`/v1/${path}`)
        expect(response.status).toBe(200)
        return (await response.text()).length
      }),
    )
    expect(Math.max(...lengths)).toBeLessThan(6 * MB)

    let seen = 0
    for (let mark = ''; ; ) {
      const rows = (await (await ask(`/v1/events?limit=1000&mark=${mark}`)).json()) as { _mark: string }[]
      if (rows.length === 0) break
      seen += rows.length
      mark = rows.at(-1)?._mark ?? ''
    }
    expect(seen).toBe(COUNT)

    const whole = await ask('/v1/streams/1?details=true')
    let bytes = 0
    for await (const part of whole.body ?? []) bytes += part.length
    expect(bytes).toBeGreaterThan(COUNT * MB)

    const unread = Array.from({ length: 50 }, () => {
      const socket = connect(port, '127.0.0.1')
      socket.on('error', () => {})
      socket.pause()
      socket.write('GET /v1/events?limit=1000 HTTP/1.1\r\nHost: localhost\r\n\r\n'.repeat(20))
      return socket
    })
    onTestFinished(() => {
      for (const socket of unread) socket.destroy()
    })
    await until('it answers others', async () => {
      const response = await ask('/v1/events?limit=1000')
      await response.arrayBuffer()
      return response.status === 200
    })
    expect(program.isRunning).toBe(true)
    expect(program.peakMemoryMb() ?? 0).toBeLessThan(800)
    expect(await program.stop()).toMatchObject({ code: 0 })
  },
)

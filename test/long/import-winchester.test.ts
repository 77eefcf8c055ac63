import { join } from 'node:path'
import { createConnection } from 'mysql2/promise'
import { expect, test } from 'vitest'
import { ChildProgram, runProgram } from '../../sandbox/servers/child-program.ts'
import { SOUND_FILES } from '../support/config-findings.ts'
import { createTestDatabase } from '../support/databases.ts'
import { folderWith } from '../support/folders.ts'
import { until } from '../support/until.ts'
import { createWinchester } from '../support/winchester.ts'

/** A configuration on a database of its own. */
function configOn(url: string): string {
  const text = SOUND_FILES['winchester.yaml'].replace('sqlite::memory:', url)
  return join(folderWith({ ...SOUND_FILES, 'winchester.yaml': text }), 'winchester.yaml')
}

const db = (args: string[]) => runProgram('stv3', ['db', ...args])

test('an import that was killed goes on where it ended; one of another database does not', async () => {
  const events = Array.from({ length: 30_000 }, (_, index) => ({
    message_id: `m${index + 1}`,
    at: `${1_404_812_450 + index}.${String(index % 1_000_000).padStart(6, '0')}`,
    type: `type.${index % 7}`,
    traits: { host: `h${index % 100}`, size: index },
  }))
  const streams = Array.from({ length: 1000 }, (_, index) => ({
    name: 'day',
    state: 1 + (index % 8),
    traits: { host: `h${index}` },
    events: Array.from({ length: 30 }, (_, at) => 1 + index * 30 + at),
  }))
  const source = await createWinchester(events, streams)
  const url = await createTestDatabase()
  const target = configOn(url)
  const connection = await createConnection(url)
  const stored = async () => {
    const [rows] = await connection.query('select count(*) as count from event').catch(() => [[{ count: 0 }]])
    return Number((rows as { count: number }[])[0]?.count)
  }
  const first = new ChildProgram('stv3', ['db', 'import', '--from', source, '-c', target])
  await until('events to be stored', async () => (await stored()) >= 2000)
  await first.stop('SIGKILL')
  const left = await stored()
  expect(left).toBeGreaterThan(0)
  const other = await createWinchester(
    events.map((one) => ({ ...one, message_id: `other-${one.message_id}` })),
    [],
  )
  expect(await db(['import', '--from', other, '-c', target])).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(
      /holds a part of another one: its event \d+ is not that of --from; --restart/,
    ),
  })
  const again = await db(['import', '--from', source, '-c', target])
  expect(again).toMatchObject({
    code: 0,
    stdout: expect.stringContaining(
      'imported 30,000 events and 1,000 streams with 30,000 events in them, as many as --from has\ncompared 50',
    ),
  })
  await connection.end()
})

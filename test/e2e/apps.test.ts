import { randomUUID } from 'node:crypto'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { runProgram } from '../../sandbox/servers/child-program.ts'
import { createMysqlStore } from '../../sandbox/servers/mysql-store.ts'
import { createTestDatabase } from '../support/databases.ts'
import { temporaryFolder } from '../support/folders.ts'
import { httpServer, reply } from '../support/http-server.ts'
import { deleteQueue, deployShipped } from '../support/servers/deploy.ts'
import { until } from '../support/until.ts'

const ALL = { limit: 1000, mark: undefined, ascending: true }

/** Notes what it gets in a file, and fails on one event type as long as there is no other file. */
const OWN = (folder: string) => `import { appendFileSync, existsSync } from 'node:fs'
export class Mine {
  constructor(settings) { this.mark = settings.mark }
  handleMessages(messages) {
    return messages.map(({ messageId, eventType }) => {
      if (eventType === 'x.bad' && !existsSync('${folder}/mended')) return 'not this one'
      appendFileSync('${folder}/got', this.mark + messageId + '\\n')
    })
  }
}`

const notification = (messageId: string, event_type: string) =>
  JSON.stringify({
    event_type,
    message_id: messageId,
    timestamp: '2026-01-01 00:00:00',
    payload: { instance_id: 'i' },
  })

test('the apps of a queue each get what is theirs; a dead letter of one is driven in again', async () => {
  const [folder, queue] = [temporaryFolder(), `apps-${randomUUID()}`]
  const { url, received } = await httpServer((response) => reply(response, 201))
  const databaseUrl = await createTestDatabase()
  const apps =
    'yagi.handler.shoebox_handler.ShoeboxHandler, winchester.yagi_handler.WinchesterHandler, yagi.handler.atompub_handler.AtomPub, ./mine.js:Mine'
  const sections = `[atompub]\nurl = ${url}\n[Mine]\nmark = got-\n[exclude_filters]\nAtomPub = x.bad\n[filters]\nWinchesterHandler = compute.*\n[discard_filters]\nshoebox = x.other\n`
  const deployment = await deployShipped(folder, queue, {
    databaseUrl,
    consumers: 1,
    workers: 0,
    changes: [
      [/apps = .*/g, `apps = ${apps}`],
      [/\[winchester\]/g, `${sections}[winchester]`],
    ],
    onConfigured: (config) => writeFileSync(join(config, 'mine.js'), OWN(folder)),
  })
  onTestFinished(() => deleteQueue(queue))
  const file = join(folder, 'messages.jsonl')
  writeFileSync(
    file,
    [
      notification('a', 'compute.instance.update'),
      notification('b', 'x.bad'),
      notification('c', 'x.other'),
    ].join('\n'),
  )
  await deployment.publish(file)
  await until('the dead letter is kept', async () => (await deployment.store.countDeadLetters({})) > 0)
  await until('the event is stored', async () => (await deployment.store.countEvents({}, ALL)) > 0)
  expect(await deployment.stop()).toEqual([0])

  const store = await createMysqlStore(databaseUrl)
  onTestFinished(() => store.close())
  expect((await store.listEvents({}, ALL)).map(({ messageId }) => messageId)).toEqual(['a'])
  expect(received.map(({ body }) => /urn:uuid:(\w)/.exec(String(body))?.[1])).toEqual(['a', 'c'])
  expect(readFileSync(join(folder, 'got'), 'utf8')).toBe('got-a\ngot-c\n')
  expect(archivedIn(join(folder, 'archive'))).toEqual(['a', 'b'])
  expect(await store.listDeadLetters({}, ALL)).toMatchObject([
    { stage: 'app:Mine', reason: 'not this one', queue },
  ])

  const env = { STACKTACH_DATABASE_URL: databaseUrl, STACKTACH_ARCHIVE: join(folder, 'archive') }
  const retry = () =>
    runProgram('stv3', ['dead-letters', 'retry', '--all', '-c', join(folder, 'config/yagi.conf')], env)
  expect(await retry()).toMatchObject({
    code: 1,
    stdout: expect.stringContaining('failed again, app:Mine: not this one'),
  })
  writeFileSync(join(folder, 'mended'), '')
  expect(await retry()).toMatchObject({ code: 0, stdout: expect.stringContaining('taken by the app') })
  expect(await store.countDeadLetters({})).toBe(0)
  expect(readFileSync(join(folder, 'got'), 'utf8')).toBe('got-a\ngot-c\ngot-b\n')
})

function archivedIn(folder: string): string[] {
  const files = [folder, join(folder, 'done')].flatMap((where) =>
    readdirSync(where, { withFileTypes: true })
      .filter((entry) => entry.isFile() && !entry.name.startsWith('.'))
      .map(({ name }) => join(where, name)),
  )
  return files
    .flatMap((file) => readFileSync(file, 'utf8').split('\n'))
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line).message_id)
}

import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { serveApi } from '../../support/api.ts'
import { writeLines } from '../../support/notifications.ts'
import { Orders, orderLine } from '../../support/orders.ts'
import { runInProcess } from '../../support/run-in-process.ts'

const ALL = { limit: 1000, mark: undefined, ascending: true }
const linesOf = (order: string, from: number, length = 40) =>
  Array.from({ length }, (_, at) => orderLine(`${order}${at}`, 'placed', from + at))

/** A folder of two files, of which the second breaks off: a replay of them stops behind its first batch. */
async function leftUnfinished() {
  const orders = await new Orders().prepare()
  const folder = join(orders.folder, 'orders')
  mkdirSync(folder)
  const first = writeLines(folder, 'a.jsonl', linesOf('a', 0, 600))
  const packed = gzipSync(`${linesOf('b', 900).join('\n')}\n`)
  writeFileSync(join(folder, 'b.jsonl.gz'), packed.subarray(0, packed.length - 10))
  const replay = (...names: string[]) =>
    runInProcess('stv3', ['replay', ...(names.length > 0 ? names : [folder]), '-c', orders.config, '--json'])
  const broken = await replay()
  expect(broken).toMatchObject({ code: 1, stderr: expect.stringContaining('b.jsonl.gz') })
  const stored = () => orders.look((store) => store.countEvents({ eventType: 'order.placed' }, ALL))
  const mend = () => writeFileSync(join(folder, 'b.jsonl.gz'), packed)
  return { orders, folder, first, replay, stored, mend }
}

test('a replay goes on in the same files though the folder has grown and one was packed meanwhile', async () => {
  const { folder, first, replay, stored, mend } = await leftUnfinished()
  mend()
  writeFileSync(`${first}.gz`, gzipSync(readFileSync(first)))
  rmSync(first)
  writeLines(folder, 'c.jsonl', linesOf('c', 1000))
  const { code, stdout, stderr } = await replay()
  expect(stderr).toMatch(/^going on where the last replay of these files stopped/m)
  expect(code).toBe(0)
  expect(await stored()).toBe(680)
  // Of the first file what was stored is not read again.
  expect(JSON.parse(stdout).replayed).toBe(180)
})

test('a file that is gone and was not read to its end is named, and the replay can be given up', async () => {
  const { folder, orders, first, replay, stored } = await leftUnfinished()
  const gone = join(folder, 'b.jsonl.gz')
  rmSync(gone)
  expect(await replay()).toMatchObject({
    code: 1,
    stderr: `${gone} is gone, and was not read to its end; put it back, or give up what was replayed with --release-unfinished\n`,
  })
  writeLines(folder, 'c.jsonl', linesOf('c', 1000))
  const args = ['replay', folder, '-c', orders.config, '--release-unfinished']
  expect((await runInProcess('stv3', args)).code).toBe(0)
  expect(await stored()).toBe(640)
  expect(first).toBeDefined()
})

test('what is unfinished is seen, and neither exported nor rolled back', async () => {
  const { folder, orders } = await leftUnfinished()
  const said = `a replay of ${folder} is unfinished, stopped at 2026-01-01T08:19:00; go on with it by \`stv3 replay ${folder} -c ${orders.config}\`, or hand its streams to the workers with --release-unfinished`
  const run = (...args: string[]) => runInProcess('stv3', [...args, '-c', orders.config])
  expect((await run('status')).stdout).toContain(`wrong: ${said}\n`)
  expect(await run('db', 'status', '--for-rollback')).toMatchObject({
    code: 1,
    stderr: `${said}; then roll back\n`,
  })
  expect(await run('db', 'export', join(folder, 'dump.json'))).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(
      /^a replay of this database has not ended, and its streams cannot be exported;/,
    ),
  })
  const { why, shown } = await orders.look(async (store) => {
    const url = await serveApi({ store })
    const get = async (path: string) => JSON.parse(await (await fetch(`${url}/v1/streams${path}`)).text())
    const [{ id }] = await get('?state=active&limit=1')
    return { why: (await get(`/${id}/explain`)).why, shown: (await get(`/${id}`))[0] }
  })
  expect(why).toContain(`It is held by a replay, and no other worker runs it: ${said}.`)
  expect(shown).toMatchObject({ state: 'active', is_of_replay: true })
})

test('another replay is refused with the command that goes on with the unfinished one', async () => {
  const { folder, orders, first, replay } = await leftUnfinished()
  const refused = await replay(first)
  expect(refused.code).toBe(1)
  expect(refused.stderr).toContain(`go on with it by \`stv3 replay ${folder} -c ${orders.config}\``)
})

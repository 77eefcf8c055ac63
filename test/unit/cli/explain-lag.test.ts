import { resolve } from 'node:path'
import { expect, test } from 'vitest'
import { temporaryFolder } from '../../support/folders.ts'
import { writeLines } from '../../support/notifications.ts'
import { runInProcess } from '../../support/run-in-process.ts'

const CONFIG = resolve(import.meta.dirname, '../../../config/winchester.yaml')

test('explain says of each notification how far it is behind', async () => {
  const line = (id: string, timestamp: string) =>
    JSON.stringify({ event_type: 'compute.instance.update', message_id: id, timestamp, payload: {} })
  const file = writeLines(temporaryFolder(), 'two.jsonl', [
    line('old', new Date(Date.now() - 3 * 86_400_000 - 60_000).toISOString()),
    line('new', new Date().toISOString()),
  ])
  const { stdout } = await runInProcess('stv3', ['explain', file, '-c', CONFIG])
  expect(stdout.match(/^ {2}is 3 days behind; .*$/gm)).toHaveLength(1)
  const json = await runInProcess('stv3', ['explain', file, '-c', CONFIG, '--json'])
  const lags = json.stdout
    .trim()
    .split('\n')
    .map((one) => JSON.parse(one).lag)
  expect(lags).toEqual([expect.stringMatching(/^3 days behind; the event clock follows/), null])
})

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ExecHandler } from '../../../../src/pipeline/handlers/exec-handler.ts'
import { event } from '../../../support/events.ts'
import { temporaryFolder } from '../../../support/folders.ts'

function handler(script: string, params: object = {}, count = 2): ExecHandler {
  const made = new ExecHandler({ command: ['sh', '-c', script], ...params })
  made.handleEvents(Array.from({ length: count }, (_, index) => event({ messageId: `m${index}` })))
  return made
}

test('the program gets the events as lines of JSON', async () => {
  const file = join(temporaryFolder(), 'got')
  await handler(`cat > ${file}`).commit()
  const lines = readFileSync(file, 'utf8').trim().split('\n')
  expect(lines.map((line) => JSON.parse(line).message_id)).toEqual(['m0', 'm1'])
})

test('a program that reads nothing may succeed all the same', async () => {
  await handler('exec 0<&-; exit 0', {}, 20_000).commit()
})

test('what a program leaves behind holds up nothing', async () => {
  await handler('cat > /dev/null; sleep 60 & exit 0').commit()
})

test.each([
  ['cat > /dev/null; echo broken >&2; exit 3', {}, 'sh: ended with 3: broken'],
  ['kill -9 $$', {}, 'sh: ended with SIGKILL'],
  ['exec sleep 60', { deadline: 0.2 }, 'sh: not done within 0.2 s'],
  ['', { command: ['/nosuch/program'] }, '/nosuch/program: spawn /nosuch/program ENOENT'],
])('%j fails', async (script, params, message) => {
  await expect(handler(script, params).commit()).rejects.toThrow(message)
})

import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { createHandlerContext } from '../../../../src/pipeline/handler-context.ts'
import { ExecHandler } from '../../../../src/pipeline/handlers/exec-handler.ts'
import { silentLogger } from '../../../../src/runtime/logger.ts'
import { event } from '../../../support/events.ts'
import { temporaryFolder } from '../../../support/folders.ts'

function handler(
  script: string,
  params: object = {},
  count = 2,
  signal = new AbortController().signal,
): ExecHandler {
  const context = createHandlerContext(silentLogger, { signal })
  const made = new ExecHandler({ command: ['sh', '-c', script], ...params }, context)
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

const STARVED = `
import { openSync } from 'node:fs'
import { ExecHandler } from '${new URL('../../../../src/pipeline/handlers/exec-handler.ts', import.meta.url)}'
try { for (;;) openSync('/dev/null') } catch {}
const handler = new ExecHandler({ command: ['true'] }, { signal: new AbortController().signal })
handler.handleEvents([{ messageId: 'a', eventType: 'x', timestamp: 0, traits: {} }])
await handler.commit().catch((error) => console.log(error.message))
`

test('a process that is out of file descriptors fails the commit and goes on', () => {
  const command = `ulimit -n 64; exec "$0" --input-type=module -e "$1"`
  const said = execFileSync('bash', ['-c', command, process.execPath, STARVED], { encoding: 'utf8' })
  expect(said).toBe('true: spawn true EMFILE\n')
})

test('a program that goes on when the worker stops is ended after a while', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  onTestFinished(() => {
    vi.useRealTimers()
  })
  const stopping = new AbortController()
  const committing = handler('exec sleep 60', {}, 2, stopping.signal).commit()
  stopping.abort()
  vi.advanceTimersByTime(5000)
  await expect(committing).rejects.toThrow('the worker stops')
})

import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { ExecHandler } from '../../../../src/pipeline/handlers/exec-handler.ts'
import { createHandlerContext } from '../../../../src/pipeline/handlers/handler-context.ts'
import { silentLogger } from '../../../../src/runtime/logger.ts'
import { event } from '../../../support/events.ts'
import { temporaryFolder } from '../../../support/folders.ts'
import { handlerOf, openStep } from '../../../support/handlers.ts'

function handler(
  script: string,
  params: object = {},
  count = 2,
  signal = new AbortController().signal,
): ExecHandler {
  const context = createHandlerContext(silentLogger, { signal })
  const made = handlerOf(ExecHandler, { command: ['sh', '-c', script], ...params }, context)
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

/** What is told of the first failure; the worker stops at once. */
async function failureOf(script: string, params: object): Promise<string> {
  const stopping = new AbortController()
  const told: string[] = []
  const warn = (_: object, line: string) => {
    told.push(line)
    stopping.abort()
  }
  const context = createHandlerContext({ ...silentLogger, warn }, { signal: stopping.signal })
  const made = handlerOf(ExecHandler, { command: ['sh', '-c', script], ...params }, context)
  made.handleEvents([event({ messageId: 'a' })])
  await expect(made.commit()).rejects.toThrow('the worker stops')
  return told.join()
}

test.each([
  ['cat > /dev/null; echo broken >&2; exit 3', {}, 'sh: ended with 3: broken'],
  ['kill -9 $$', {}, 'sh: ended with SIGKILL'],
  ['exec sleep 60', { deadline: 0.2 }, 'sh: not done within 0.2 s'],
  ['', { command: ['/nosuch/program'] }, '/nosuch/program: spawn /nosuch/program ENOENT'],
])('%j fails, and is tried again', async (script, params, message) => {
  expect(await failureOf(script, params)).toBe(`${message}; trying again until it works`)
})

const QUICK = { wait_interval: 0.01, max_wait: 0.02, tries: 3 }

test('a program that fails the first time is run again with the same events', async () => {
  const file = join(temporaryFolder(), 'got')
  await handler(`cat >> ${file}; test "$(wc -l < ${file})" -gt 2`, QUICK, 1).commit()
  const ids = readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line).message_id)
  expect(ids).toEqual(['m0', 'm0', 'm0'])
})

test('events that a program does not take while it takes others are refused, those it refuses at once', async () => {
  const params = {
    ...QUICK,
    command: ['sh', '-c', 'read l; case $l in *bad*) exit 1;; *odd*) exit 65;; esac'],
  }
  const context = createHandlerContext(silentLogger)
  const step = openStep(ExecHandler, params, context)
  const commit = (messageId: string) => {
    const made = step.forRun(context)
    made.handleEvents([event({ messageId })])
    return made.commit()
  }
  await expect(commit('odd')).rejects.toThrow('sh: ended with 65')
  const bad = commit('bad')
  let isOver = false
  const over = bad
    .catch(() => {})
    .finally(() => {
      isOver = true
    })
  while (!isOver) await commit('good')
  await over
  await expect(bad).rejects.toThrow('sh: ended with 1 (3 times, while it took others)')
})

const STARVED = `
import { openSync } from 'node:fs'
import { ExecHandler } from '${new URL('../../../../src/pipeline/handlers/exec-handler.ts', import.meta.url)}'
import { createHandlerContext } from '${new URL('../../../../src/pipeline/handlers/handler-context.ts', import.meta.url)}'
import { handlerOf } from '${new URL('../../../support/handlers.ts', import.meta.url)}'
try { for (;;) openSync('/dev/null') } catch {}
const stopping = new AbortController()
const warn = (_, line) => { console.log(line); stopping.abort() }
const context = createHandlerContext({ warn }, { signal: stopping.signal })
const handler = handlerOf(ExecHandler, { command: ['true'] }, context)
handler.handleEvents([{ messageId: 'a', eventType: 'x', timestamp: 0, traits: {} }])
await handler.commit().catch((error) => console.log(error.message))
`

test('a process that is out of file descriptors tries again', () => {
  const command = `ulimit -n 64; exec "$0" --input-type=module -e "$1"`
  const said = execFileSync('bash', ['-c', command, process.execPath, STARVED], { encoding: 'utf8' })
  expect(said).toBe('true: spawn true EMFILE; trying again until it works\nthe worker stops\n')
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

import { setTimeout as delay } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { ChildProgram, runProgram } from '../../sandbox/servers/child-program.ts'
import type { Store } from '../../src/store/store.ts'
import { temporaryFolder } from '../support/folders.ts'
import { recordedDay, writeLines } from '../support/notifications.ts'
import { streamFacts } from '../support/reference.ts'
import { ALL, CONFIG, idsOf, openDeployment } from '../support/replay-deployment.ts'

async function untilStored(store: Store, count: number, program: ChildProgram): Promise<void> {
  while ((await store.countEvents({}, ALL)) < count) {
    if (!program.isRunning) throw new Error(program.stderr)
    await delay(20)
  }
}

test('a replay that is killed, and one that is interrupted, go on where they stopped, beside a worker', async () => {
  const { lines } = recordedDay()
  const file = writeLines(temporaryFolder(), 'day.jsonl', lines)
  const whole = await openDeployment()
  const args = ['replay', file, '-c', CONFIG, '--json']
  const once = await runProgram('stv3', args, whole.env)
  expect(once.stderr).toBe('')
  expect(JSON.parse(once.stdout)).toMatchObject({ complete: true, stored: lines.length, late: 0 })
  const expected = await streamFacts(whole.store)
  expect(expected.every(({ state }) => state === 'completed')).toBe(true)

  const { env, store } = await openDeployment()
  const worker = new ChildProgram('stv3', ['work', '-c', CONFIG], { ...env, STACKTACH_LOG_LEVEL: 'error' })
  const killed = new ChildProgram('stv3', [...args, '--speed', '20000'], env)
  await untilStored(store, 200, killed)
  await killed.stop('SIGKILL')
  const afterKill = await store.countEvents({}, ALL)
  expect(afterKill).toBeLessThan(lines.length)

  const stopped = new ChildProgram('stv3', [...args, '--speed', '20000'], env)
  await untilStored(store, afterKill + 200, stopped)
  const { code, stderr } = await stopped.stop('SIGINT')
  expect(code).toBe(1)
  expect(stderr).toMatch(
    /^(another process replays these files.*\n)?going on where the last replay .*\nstopped at /,
  )

  const last = await runProgram('stv3', args, env)
  expect(last.stderr).toMatch(/^going on where the last replay of these files stopped, at 2026-11-/)
  const counts = JSON.parse(last.stdout)
  expect(counts).toMatchObject({ complete: true })
  expect(counts.replayed).toBeLessThan(lines.length - 200)
  await worker.stop()
  expect(await streamFacts(store)).toEqual(expected)
  expect(await idsOf(store)).toHaveLength((await idsOf(whole.store)).length)
  expect((await store.readReports()).filter(({ name }) => name.startsWith('replay'))).toEqual([])
  await store.close()
  await whole.store.close()
})

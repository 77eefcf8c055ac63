import { existsSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { buildWorker } from '../../../src/assembly/build-worker.ts'
import { requirePipelines } from '../../../src/assembly/require-pipelines.ts'
import { createManualClock } from '../../../src/clock/event-clock.ts'
import { loadConfig } from '../../../src/config/load/load-config.ts'
import { silentLogger } from '../../../src/runtime/logger.ts'
import { at } from '../../support/events.ts'
import { writeLines } from '../../support/notifications.ts'
import { ORDER_LINES, ORDER_WINCHESTER, Orders } from '../../support/orders.ts'
import { runInProcess } from '../../support/run-in-process.ts'

/** Fails as long as there is a file `fail`. */
const HANDLERS = `
import { appendFileSync, existsSync } from 'node:fs'
export class Bill {
  static changesOthers = false
  handleEvents(events) {
    if (existsSync(new URL('fail', import.meta.url))) throw new Error('not today')
    return events
  }
  commit() {}
  rollback() {}
}
export class Send {
  handleEvents(events) {
    this.count = events.length
    return events
  }
  commit() { appendFileSync(new URL('sent', import.meta.url), this.count + '\\n') }
  rollback() {}
}
`

async function failedReplay(...options: string[]) {
  const winchester = `pipeline_retries: 0\n${ORDER_WINCHESTER}`
  const orders = await new Orders({ 'handlers.mjs': HANDLERS, 'winchester.yaml': winchester }).prepare()
  const file = writeLines(orders.folder, 'orders.jsonl', ORDER_LINES)
  writeFileSync(join(orders.folder, 'fail'), '')
  const { stdout } = await runInProcess('stv3', [
    'replay',
    file,
    '-c',
    orders.config,
    '--json',
    '--log-level',
    'silent',
    ...options,
  ])
  expect(JSON.parse(stdout)).toMatchObject({ failed: 3 })
  return orders
}

/** Resets the streams that fired, and runs them as the workers of the deployment do. */
async function resetAndRun(orders: Orders): Promise<void> {
  const config = await loadConfig(orders.config, {})
  const pipelines = await requirePipelines(config)
  await orders.look(async (store) => {
    expect(await store.resetStreams('error')).toBe(2)
    const clock = createManualClock(at('2026-06-01T00:00:00'))
    rmSync(join(orders.folder, 'fail'), { force: true })
    const worker = buildWorker({ config, pipelines, store, clock, logger: silentLogger, name: 'worker' })
    expect(await worker.pass('fire')).toBe(2)
    await worker.stop()
    expect((await store.listStreams({ state: 'completed' }, ALL)).length).toBe(2)
  })
}

const ALL = { limit: 10, mark: undefined, ascending: true }

test('a stream that failed in a replay which sent nothing sends nothing after a reset', async () => {
  const orders = await failedReplay()
  await resetAndRun(orders)
  expect(existsSync(join(orders.folder, 'sent'))).toBe(false)
})

test('a stream that failed in a replay with --publish sends after a reset what it has to send', async () => {
  const orders = await failedReplay('--publish')
  await resetAndRun(orders)
  expect(orders.sent().sort()).toEqual([2, 3])
})

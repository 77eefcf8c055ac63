import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { CDPSession } from 'playwright-core'
import { expect, test } from 'vitest'
import { createSqlStore } from '../../src/store/sql-store.ts'
import { openSqliteDatabase } from '../../src/store/sqlite/sqlite-database.ts'
import { at, event, routerOf } from '../support/events.ts'
import { openPage } from '../support/page/browser.ts'
import { servePage } from '../support/page/served-page.ts'
import { until } from '../support/until.ts'

const ROWS = 10_000
const PER_SECOND = 1000
/** How long the live view stays open; an hour is PAGE_LIVE_MINUTES=60. */
const MINUTES = Number(process.env.PAGE_LIVE_MINUTES ?? 3)

const served = servePage()

test('a list of 10,000 rows scrolls with few of them drawn', async () => {
  const database = openSqliteDatabase(join(served.folder, 'stacktach.db'))
  const store = await createSqlStore(database, { writer: 'many' })
  const router = routerOf({ name: 'many', distinguished_by: ['host'] })
  for (let from = 0; from < ROWS; from += 500) {
    const arrivals = Array.from({ length: 500 }, (_, index) => {
      const one = event({
        messageId: `many-${from + index}`,
        host: `host-${from + index}`,
        timestamp: at('2026-11-19T00:00:00'),
      })
      return { event: one, at: one.timestamp, keys: router.keysOf(one) }
    })
    await store.storeBatch({ arrivals, deadLetters: [] }, router)
  }
  await store.close()
  const { page, faults } = await openPage(served.browser, { viewport: { width: 1280, height: 900 } })
  await page.goto(`${served.deployment.url}/streams?trigger_name=many`)
  await page.locator('.row').nth(5).waitFor()
  const frames = (await page.evaluate(`(async () => {
    const times = []
    let most = 0
    let before = performance.now()
    for (let step = 0; step < 2000; step++) {
      scrollBy(0, 220)
      await new Promise(requestAnimationFrame)
      const now = performance.now()
      times.push(now - before)
      before = now
      most = Math.max(most, document.querySelectorAll('.row').length)
      if (document.querySelector('.rows').getAttribute('aria-rowcount') !== '-1' && innerHeight + scrollY >= document.documentElement.scrollHeight - 2) break
    }
    times.sort((a, b) => a - b)
    const share = (part) => Math.round(times[Math.floor(times.length * part)] * 10) / 10
    return { frames: times.length, p50: share(0.5), p95: share(0.95), p99: share(0.99), most }
  })()`)) as { frames: number; most: number }
  console.log(JSON.stringify({ scroll_frame_ms: frames }))
  await page.getByText(`${ROWS.toLocaleString('en-GB')} rows`).waitFor()
  expect(frames.most).toBeLessThan(100)
  await page.getByText('host-0', { exact: true }).first().waitFor()
  expect(faults).toEqual([])
})

test(`the live view at ${PER_SECOND} events/s does not grow`, async () => {
  const { page, faults } = await openPage(served.browser)
  const session = await page.context().newCDPSession(page)
  await page.goto(`${served.deployment.url}/live?kinds=event`)
  await page.getByText('open', { exact: true }).waitFor()
  let sent = 0
  const begun = performance.now()
  let next = begun
  const second = async () => {
    const bodies = Array.from({ length: PER_SECOND }, () =>
      JSON.stringify({
        ...{
          event_type: 'compute.instance.update',
          message_id: `load-${sent++}`,
          timestamp: '2026-11-19T09:00:00',
        },
        payload: { instance_id: `i-${sent % 50}`, state: 'active', display_name: 'x'.repeat(200) },
      }),
    )
    const response = await fetch(`${served.deployment.url}/v1/notifications`, {
      method: 'POST',
      body: bodies.join('\n'),
    })
    expect(response.status).toBe(200)
    next += 1000
    const wait = next - performance.now()
    if (wait > 0) await delay(wait)
    else next = performance.now()
  }
  // By the clock: a machine that is too busy sends less, and the figures say how much.
  const run = async (seconds: number) => {
    const end = performance.now() + seconds * 1000
    while (performance.now() < end) await second()
  }
  await run(Math.min(30, MINUTES * 60))
  const before = await usage(session)
  await run(MINUTES * 60)
  const took = (performance.now() - begun) / 1000
  const after = await usage(session)
  const asked = performance.now()
  await (await fetch(`${served.deployment.url}/v1/streams?limit=1`)).text()
  const answered = performance.now() - asked
  await until('the last event to be seen', async () =>
    (await page.locator('.live tbody').innerText()).includes(`i-${sent % 50}`),
  )
  const told = await page.locator('.buttons .quiet').innerText()
  console.log(
    JSON.stringify({
      minutes: MINUTES,
      sent_per_s: Math.round(sent / took),
      before,
      after,
      told,
      api_ms: Math.round(answered),
    }),
  )
  expect(await page.locator('.live tbody tr').count()).toBeLessThanOrEqual(500)
  expect(after.heapMb).toBeLessThan(before.heapMb + 20)
  expect(after.nodes).toBeLessThan(before.nodes * 1.5)
  expect(faults).toEqual([])
})

/** Returns what the page holds after a collection of garbage. */
async function usage(session: CDPSession): Promise<{ heapMb: number; nodes: number }> {
  // Nodes that were taken out go with a collection of the document's own, which comes in the pauses.
  for (let round = 0; round < 4; round++) {
    await session.send('HeapProfiler.collectGarbage')
    await delay(500)
  }
  const { usedSize } = await session.send('Runtime.getHeapUsage')
  const { nodes } = await session.send('Memory.getDOMCounters')
  return { heapMb: Math.round(usedSize / 1e5) / 10, nodes }
}

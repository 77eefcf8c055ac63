import { expect, onTestFinished, test } from 'vitest'
import { serverReader } from '../../src/assembly/server-reader.ts'
import { mountPage } from '../../src/dashboard/mount-page.ts'
import type { HekaStatistics } from '../../src/formats/heka-form.ts'
import type { Store } from '../../src/store/store.ts'
import { serveApi } from '../support/api.ts'
import { startStatsProxy } from '../support/heka/stats-proxy.ts'
import { axeFindings } from '../support/page/axe.ts'
import { openPage, startBrowser } from '../support/page/browser.ts'

const access = { read: [], write: [] }

test('the page shows throughput by sender, lag as area and gauge, batches and senders of Heka', async () => {
  const proxy = await startStatsProxy()
  const hostile = '<img src=x onerror="alert(1)">'
  const now = Math.floor(Date.now() / 1000)
  const Threshold = { Warn: 30, Error: 60 }
  for (let second = now - 40; second < now + 40; second++)
    for (const event of [
      { Value: 1000, Sender: 'tcp-receiver', SourceIP: '10.0.0.1', MetricType: 'Throughput' },
      { Value: 500, Sender: hostile, SourceIP: '10.0.0.2', MetricType: 'Throughput' },
      { Value: 45, Sender: 'http-output', MetricType: 'Lag', Threshold },
      { Value: 3, Sender: 'publisher', MetricType: 'BatchCount' },
    ]) {
      await proxy.publish(JSON.stringify({ Timestamp: second, ...event }))
    }
  const readHeka = serverReader<HekaStatistics>(
    { url: `http://127.0.0.1:${proxy.port}` },
    { folder: '/', path: '/statistics', name: 'heka-stats' },
  )
  const url = await serveApi({
    ...{ store: {} as Store, access, readHeka },
    mountPage: (app) => mountPage(app, { access, filters: {}, hasHeka: true }),
  })
  const browser = await startBrowser()
  onTestFinished(() => browser.close())
  for (const colorScheme of ['light', 'dark'] as const) {
    const { page, faults } = await openPage(browser, { colorScheme })
    await page.goto(`${url}/heka`)
    await page.getByRole('heading', { name: 'Heka, the last minute' }).waitFor()
    await page.locator('.plot canvas').nth(2).waitFor()
    expect(await page.locator('nav').getByRole('link', { name: 'Heka' }).count()).toBe(1)
    expect(await page.locator('.gauge').innerText()).toContain('45 s, late')
    expect(await page.locator('meter').getAttribute('value')).toBe('45')
    const legends = await page.locator('.legend').allInnerTexts()
    expect(legends.join('\n')).toContain('tcp-receiver: 1,000 /s')
    expect(await page.locator('table').innerText()).toContain(hostile)
    expect(await page.locator('main img').count()).toBe(0)
    expect(await axeFindings(page)).toEqual([])
    expect(faults).toEqual([])
    await page.close()
  }
})

import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { freePort } from '../../sandbox/servers/server-process.ts'
import { axeFindings } from '../support/page/axe.ts'
import { openPage } from '../support/page/browser.ts'
import { startUp } from '../support/page/deployment.ts'
import { pictureDiffers } from '../support/page/screenshots.ts'
import { servePage } from '../support/page/served-page.ts'

const served = servePage(
  `ui: {filters: {Failed streams: "/streams?state=error", "Creates that failed": "/live?event_name=compute.instance.create.error"}}`,
)
/** The embedded default with the simulator. */
let up: Awaited<ReturnType<typeof startUp>>
/** An instance with a long story, and one of its events. */
let instance = ''
let message = ''

beforeAll(async () => {
  up = await startUp(served.folder, await freePort())
  const broken = [
    '{"event_type": "compute.instance.update", "message_id": "broken-1", "timestamp": "2026-11-19T08:00:00", "payload": {"memory_mb": "much"}}',
    'no JSON at all',
    '[]',
  ]
  for (const body of broken)
    await fetch(`${served.deployment.url}/v1/notifications`, { method: 'POST', body })
  const events = await read<{ instance_id: string; message_id: string }[]>(
    '/v1/events?event_name=compute.instance.create.error&limit=1&mark=%2b',
  )
  instance = events[0]?.instance_id ?? ''
  message = events[0]?.message_id ?? ''
}, 600_000)

afterAll(async () => {
  await up?.stop()
}, 120_000)

async function read<T>(path: string): Promise<T> {
  return (await (await fetch(served.deployment.url + path)).json()) as T
}

/** The views with something open in each: a name for its picture, its address, and what has to be there. */
const VIEWS: readonly (readonly [string, () => string, (page: Page) => Promise<unknown>])[] = [
  ['overview', () => `${up.url}/`, (page) => page.locator('.plot canvas').first().waitFor()],
  ['streams', () => '/streams?state=completed', (page) => page.locator('.row').nth(3).waitFor()],
  ['stream', () => '/streams?open=3', (page) => page.getByRole('heading', { name: 'Stream 3' }).waitFor()],
  ['dead-letters', () => '/dead-letters?open=1', (page) => page.locator('.detail pre').waitFor()],
  [
    'search',
    () => `/search?q=${instance}`,
    (page) => page.getByRole('link', { name: /The story of/ }).waitFor(),
  ],
  [
    'story',
    () => `/story?traits=instance_id:${instance}&q=${instance}`,
    (page) => page.locator('.timeline svg').waitFor(),
  ],
  [
    'event',
    () => `/story?traits=instance_id:${instance}&event=${message}`,
    (page) => page.getByText('What the configuration makes of it').waitFor(),
  ],
  ['live', () => '/live', (page) => page.getByText('open', { exact: true }).waitFor()],
  ['triggers', () => '/triggers?open=instance_day', (page) => page.locator('.funnel').waitFor()],
  [
    'levels',
    () => '/levels?by=flavour&from_datetime=2026-11-18&to_datetime=2026-11-21',
    (page) => page.locator('.histogram').first().waitFor(),
  ],
]

const WIDTHS = [
  [360, 740],
  [1280, 900],
  [3840, 2160],
] as const
const SCHEMES = ['light', 'dark'] as const
/** Pictures are compared of these. */
const PICTURED = new Set(['1280 light', '360 dark'])

describe.each(SCHEMES)('in %s colours', (colorScheme) => {
  describe.each(WIDTHS)('at %i by %i points', (width, height) => {
    test.each(VIEWS)(
      '%s is whole, axe finds nothing, and nothing is wider than the window',
      async (name, path, isThere) => {
        const { page, faults } = await openPage(served.browser, { colorScheme, viewport: { width, height } })
        const hosts = new Set<string>()
        page.on('request', (request) => hosts.add(new URL(request.url()).host))
        const address = new URL(path(), served.deployment.url)
        await page.goto(address.href)
        await isThere(page)
        await page.waitForTimeout(300)
        expect(await axeFindings(page)).toEqual([])
        const widest = await page.evaluate('document.documentElement.scrollWidth')
        expect(widest).toBeLessThanOrEqual(width)
        expect([...hosts]).toEqual([address.host])
        expect(faults).toEqual([])
        if (!PICTURED.has(`${width} ${colorScheme}`)) return
        const changing = [
          '.plot',
          '.tiles',
          '.legend',
          '.spark',
          '.tables',
          '.row .at',
          '.row .age',
          '.detail dl',
          '.timeline',
        ].map((one) => page.locator(one))
        expect(
          await pictureDiffers(page, `${name}${width === 360 ? '-narrow' : ''}`, changing),
        ).toBeUndefined()
      },
    )
  })
})

test('each view of the embedded default, with what the simulator sends meanwhile', async () => {
  const of = async <T>(path: string) => (await (await fetch(up.url + path)).json()) as T
  const [event] = await of<{ instance_id: string; message_id: string }[]>(
    '/v1/events?event_name=compute.instance.create.end&limit=1',
  )
  const story = `/story?traits=instance_id:${event?.instance_id}`
  const seen: readonly (readonly [string, string])[] = [
    ['/', '.plot canvas'],
    ['/?range=day', '.tiles'],
    ['/streams?state=active', '.row'],
    [`/search?q=${event?.instance_id}`, '.found'],
    [story, '.timeline svg'],
    [`${story}&event=${event?.message_id}`, '.detail h2'],
    ['/dead-letters', '.groups'],
    ['/live', '.live tbody tr'],
    ['/triggers', '.funnel'],
    ['/levels?by=host', '.histogram'],
  ]
  for (const [path, there] of seen) {
    const { page, faults } = await openPage(served.browser)
    await page.goto(up.url + path)
    await page.locator(there).first().waitFor()
    expect(await axeFindings(page), path).toEqual([])
    expect(faults, path).toEqual([])
  }
  const triggers = await of<{ name: string; matched: number; fired: number }[]>('/v1/triggers')
  expect(triggers[0]).toMatchObject({ name: 'instance_day' })
  expect(triggers[0]?.matched).toBeGreaterThan(0)
  const processes = await of<{ role: string; is_silent: boolean }[]>('/v1/processes')
  expect(processes).toMatchObject([{ role: 'up', is_silent: false }])
})

test('first paint', async () => {
  const { page } = await openPage(served.browser)
  const times: number[] = []
  for (let round = 0; round < 5; round++) {
    await page.goto(`${served.deployment.url}/`)
    await page.locator('h1').waitFor()
    const found = await page.evaluate(
      `performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0`,
    )
    times.push(Math.round(Number(found)))
  }
  console.log(JSON.stringify({ first_paint_ms: times }))
  expect(times.every((ms) => ms > 0)).toBe(true)
})

test('the samples of before a restart are still there', async () => {
  const before = await read<{ at: number[] }>('/v1/samples?step=5')
  expect(before.at.length).toBeGreaterThan(0)
  await served.deployment.restart()
  const after = await read<{ at: number[] }>('/v1/samples?step=5')
  expect(after.at.slice(0, before.at.length)).toEqual(before.at)
})

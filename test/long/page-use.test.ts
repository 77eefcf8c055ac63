import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { runProgram } from '../../sandbox/servers/child-program.ts'
import { openPage } from '../support/page/browser.ts'
import { servePage } from '../support/page/served-page.ts'
import { until } from '../support/until.ts'

const served = servePage()

async function open(path: string, width = 1280): Promise<Page> {
  const { page, faults } = await openPage(served.browser, { viewport: { width, height: 900 } })
  page.on('close', () => expect(faults).toEqual([]))
  await page.goto(served.deployment.url + path)
  await page.locator('h1').waitFor()
  return page
}

async function read<T>(path: string): Promise<T> {
  return (await (await fetch(served.deployment.url + path)).json()) as T
}

const post = (body: string) => fetch(`${served.deployment.url}/v1/notifications`, { method: 'POST', body })
const count = async (path: string) => (await read<{ count: number }[]>(path))[0]?.count

/** As a worker would leave streams whose pipelines failed. */
function fail(ids: readonly number[], error: string): void {
  const database = new DatabaseSync(join(served.folder, 'stacktach.db'))
  database.exec('pragma busy_timeout = 20000')
  for (const id of ids)
    database.prepare('update stream set state = 4, attempts = 4, last_error = ? where id = ?').run(error, id)
  database.close()
}

const path = (page: Page) => decodeURIComponent(new URL(page.url()).pathname + new URL(page.url()).search)

test('keys: search, next and previous row, open, close, read again, help', async () => {
  const page = await open('/streams')
  await page.locator('.row').nth(5).waitFor()
  await page.keyboard.press('j')
  await page.keyboard.press('j')
  await page.keyboard.press('j')
  await page.keyboard.press('k')
  const focused = () =>
    page.evaluate("Number(document.activeElement.closest('[data-index]')?.dataset.index ?? -1)")
  await until('the second row to have the focus', async () => (await focused()) === 1)
  await page.keyboard.press('Enter')
  await page.locator('.detail h2').waitFor()
  expect(path(page)).toMatch(/^\/streams\?open=\d+$/)
  await page.keyboard.press('Escape')
  await until('the detail to be closed', async () => path(page) === '/streams')
  const asked = page.waitForRequest((request) => request.url().includes('/v1/streams?'))
  await page.keyboard.press('r')
  await asked
  await page.keyboard.press('?')
  await page.getByRole('heading', { name: 'Keys' }).waitFor()
  await page.getByLabel('keys of one letter do this').uncheck()
  await page.keyboard.press('Escape')
  await page.keyboard.press('/')
  expect(await page.evaluate('document.activeElement.id')).not.toBe('search')
  await page.keyboard.press('Escape')
  await page.getByRole('button', { name: 'Keys' }).click()
  await page.getByLabel('keys of one letter do this').check()
  await page.getByRole('button', { name: 'Close' }).click()
  await page.locator('main').click({ position: { x: 5, y: 5 } })
  await page.keyboard.press('/')
  await until(
    'the search to have the focus',
    async () => (await page.evaluate('document.activeElement.id')) === 'search',
  )
  await page.keyboard.type('compute.instance.create.end')
  await page.keyboard.press('Enter')
  await page.getByRole('table', { name: 'Events' }).waitFor()
  expect(path(page)).toBe('/search?q=compute.instance.create.end')
})

test('back and forward, the time zone, and a filter are addresses', async () => {
  const page = await open('/streams')
  await page.getByLabel('State').selectOption('completed')
  await page.getByRole('button', { name: 'Filter' }).click()
  await until('the filter to be in the address', async () => path(page) === '/streams?state=completed')
  await page.getByRole('link', { name: /^UTC ?: change the time zone/ }).click()
  expect(path(page)).toBe('/streams?state=completed&zone=local')
  await page.getByText('Times are in Europe/Berlin.').waitFor()
  await page.getByRole('link', { name: 'Triggers' }).click()
  expect(path(page)).toBe('/triggers?zone=local')
  await page.goBack()
  await page.goBack()
  expect(path(page)).toBe('/streams?state=completed')
  await page.getByText('Times are in UTC.').waitFor()
  expect(await page.getByLabel('State').inputValue()).toBe('completed')
})

test('one stream is reset, and all of a filter are deleted, with the count first and what failed after', async () => {
  fail([1, 2, 3], 'connection refused by page-test')
  const page = await open('/streams?state=error&open=1')
  const one = page.getByRole('group', { name: 'This stream' })
  await one.getByRole('button', { name: 'Reset' }).click()
  await page.getByText('The filter means 1 stream').waitFor()
  await page.getByRole('button', { name: 'Reset 1' }).click()
  await page.getByText(/^Action \d+ is done/).waitFor()
  await page.getByRole('dialog').getByRole('button', { name: 'Close' }).click()
  expect((await read<{ state: string }[]>('/v1/streams/1'))[0]?.state).toBe('retry_fire')
  await page.getByLabel('Error').fill('*page-test*')
  await page.getByRole('button', { name: 'Filter' }).click()
  await page.getByRole('group', { name: 'All that match' }).getByRole('button', { name: 'Delete' }).click()
  await page.getByText('The filter means 2 streams').waitFor()
  await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click()
  expect(await count('/v1/streams/count?state=error')).toBe(2)
  await page.getByRole('group', { name: 'All that match' }).getByRole('button', { name: 'Delete' }).click()
  await page.getByRole('button', { name: 'Delete 2' }).click()
  await page.getByText(/^Action \d+ is done:\s+2 in all, 2 done/).waitFor()
  await page.getByRole('dialog').getByRole('button', { name: 'Close' }).click()
  await page.getByText('Nothing matches.').waitFor()
  // What cannot be done is listed with its reason.
  await page.goto(`${served.deployment.url}/streams?state=completed`)
  await page.getByRole('group', { name: 'All that match' }).getByRole('button', { name: 'Reset' }).click()
  await page.getByRole('button', { name: /^Reset \d+/ }).click()
  await page.getByRole('table', { name: /^What failed/ }).waitFor()
})

test('every stream verb has a button that does it', async () => {
  fail([4], 'x')
  for (const n of [1, 2, 3])
    await post(
      JSON.stringify({
        ...{
          event_type: 'compute.instance.update',
          message_id: `active-${n}`,
          timestamp: '2026-11-19T09:00:00',
        },
        payload: { instance_id: `active-${n}` },
      }),
    )
  const active = await read<{ id: number }[]>('/v1/streams?state=active&limit=3')
  expect(active).toHaveLength(3)
  const ids = active.map(({ id }) => id) as [number, number, number]
  const act = async (id: number, label: string) => {
    const page = await open(`/streams?open=${id}`)
    await page.getByRole('group', { name: 'This stream' }).getByRole('button', { name: label }).click()
    await page.getByRole('button', { name: `${label} 1` }).click()
    await page.getByText(/^Action \d+ is /).waitFor()
    await page.context().close()
  }
  await act(4, 'Retry')
  await act(ids[0], 'Fire now')
  await act(ids[1], 'Expire now')
  await act(ids[2], 'Delete')
  await until('the actions to be recorded as done', async () => {
    const actions = await read<{ action: string; state: string }[]>('/v1/actions?limit=4')
    return ['retry', 'fire-now', 'expire-now', 'delete'].every((verb) =>
      actions.some(({ action }) => action === verb),
    )
  })
  expect((await fetch(`${served.deployment.url}/v1/streams/${ids[2]}`)).status).toBe(404)
})

test('a dead letter is edited and driven in again; another is dropped', async () => {
  const body = (id: string) =>
    `{"event_type": "compute.instance.update", "message_id": "${id}", "timestamp": "2026-11-19T08:00:00", "payload": {"instance_id": "edited", "memory_mb": "much", "password": "s3cret-of-body"}}`
  await post(body('page-letter-1'))
  await post(body('page-letter-2'))
  const letters = await read<{ id: number }[]>('/v1/dead-letters?limit=2')
  const [second, first] = letters.map(({ id }) => id)
  const page = await open(`/dead-letters?open=${first}`)
  await page.locator('.detail pre').waitFor()
  expect(await page.locator('.detail').innerText()).not.toContain('s3cret-of-body')
  await page.getByRole('button', { name: 'Edit' }).click()
  const area = page.getByLabel('Body as it came, secrets too')
  await area.waitFor()
  expect(await area.inputValue()).toBe(body('page-letter-1'))
  await area.fill(body('page-letter-1').replace('"much"', '512'))
  await page.getByRole('button', { name: 'Retry with this body' }).click()
  await page.locator('.detail [role=status]').waitFor()
  expect(await read('/v1/events/page-letter-1')).toMatchObject({ memory_mb: 512 })
  await page.goto(`${served.deployment.url}/dead-letters?open=${second}`)
  await page.locator('.detail pre').waitFor()
  await page.getByRole('button', { name: 'Drop', exact: true }).last().click()
  await page.getByText('dropped', { exact: true }).waitFor()
  expect(await count('/v1/dead-letters/count')).toBe(0)
})

test('all dead letters of a filter are dropped at once', async () => {
  for (let n = 0; n < 5; n++) await post(`no JSON ${n}`)
  const page = await open('/dead-letters?stage=decode')
  await page.getByRole('group', { name: 'All that match' }).getByRole('button', { name: 'Drop' }).click()
  await page.getByText('The filter means 5 dead letters').waitFor()
  await page.getByRole('button', { name: 'Drop 5' }).click()
  await page.getByText(/^Action \d+ is done:\s+5 in all, 5 done/).waitFor()
  expect(await count('/v1/dead-letters/count')).toBe(0)
})

test('the search knows a uuid, a request, a tenant, a type, a stream, and trait:value, and marks what matched', async () => {
  const [event] = await read<{ instance_id: string; request_id: string; tenant_id: string }[]>(
    '/v1/events?event_name=compute.instance.create.end&limit=1',
  )
  if (!event) throw new Error('the simulation has no create')
  const page = await open('/')
  const box = page.getByRole('searchbox')
  for (const words of [
    event.instance_id,
    event.request_id,
    event.tenant_id,
    `instance_id:${event.instance_id}`,
  ]) {
    await box.fill(words)
    await box.press('Enter')
    await page.getByRole('link', { name: /^The story of/ }).waitFor()
    await until('the address to have the words', async () => path(page).includes(words))
  }
  await page.getByRole('link', { name: /^The story of/ }).click()
  await page.locator('.timeline svg').waitFor()
  expect(await page.locator('mark').first().innerText()).toBe(event.instance_id)
  await box.fill('compute.instance.create.*')
  await box.press('Enter')
  await page.getByRole('table', { name: 'Events' }).waitFor()
  await box.fill('5')
  await box.press('Enter')
  await page.getByRole('table', { name: 'Streams' }).getByRole('link', { name: '5', exact: true }).click()
  await page.getByRole('heading', { name: 'Stream 5' }).waitFor()
  await box.fill('nothing-of-this-name')
  await box.press('Enter')
  await page.getByText('Nothing is known of nothing-of-this-name.').waitFor()
})

test('a story has bars of operations and marks of failures; an event has its notification and its verdict', async () => {
  const [failed] = await read<{ instance_id: string; message_id: string }[]>(
    '/v1/events?event_name=compute.instance.create.error&limit=1',
  )
  const page = await open(`/story?traits=instance_id:${failed?.instance_id}`)
  await page.locator('.timeline .bar.operation.failed').first().waitFor({ state: 'attached' })
  expect(await page.locator('.timeline .dot.failed').count()).toBeGreaterThan(0)
  await page.locator('.timeline a:has(.dot.failed)').first().focus()
  await page.keyboard.press('Enter')
  await page.locator('.detail h2').waitFor()
  await page.getByText('Raw notification').click()
  await page.locator('.detail pre').waitFor()
  expect(await page.locator('.detail pre').innerText()).toContain('"event_type"')
  await page.getByText('What the configuration makes of it').click()
  await page.getByText('✓ joins').first().waitFor()
  await page.getByRole('link', { name: 'Compare another event' }).click()
  await page.locator('.story .row a').nth(1).click()
  await page.getByRole('table', { name: /^What differs from/ }).waitFor()
})

test('a notification is tried by hand, and nothing is stored', async () => {
  const before = await count('/v1/events/count')
  const page = await open('/triggers')
  const { event_type, ...payload } = { event_type: 'compute.instance.update', instance_id: 'tried' }
  await page
    .getByLabel('A notification as JSON')
    .fill(JSON.stringify({ event_type, message_id: 't', timestamp: '2026-11-19T08:00:00', payload }))
  await page.getByRole('button', { name: 'Try' }).click()
  await page.getByText('✓ joins').waitFor()
  await page.getByLabel('A notification as JSON').fill('nonsense')
  await page.getByRole('button', { name: 'Try' }).click()
  await page.getByText('decode: the body is not JSON').waitFor()
  expect(await count('/v1/events/count')).toBe(before)
})

test('service levels are a view, a CSV and a text for Prometheus with the same figures', async () => {
  const span = 'from_datetime=2026-11-18&to_datetime=2026-11-21'
  const page = await open(`/levels?${span}`)
  await page.locator('.histogram').first().waitFor()
  const { levels } = await read<{
    levels: { day: string | null; operation: string; attempts: number; done: number }[]
  }>(`/v1/levels?${span}`)
  const whole = levels.filter(({ day }) => day === null)
  expect(whole.map(({ operation }) => operation)).toContain('create')
  const download = page.waitForEvent('download')
  await page.getByRole('link', { name: 'CSV' }).click()
  expect((await download).suggestedFilename()).toBe('service-levels.csv')
  const csv = await (await fetch(`${served.deployment.url}/v1/levels?${span}&format=csv`)).text()
  const metrics = await (await fetch(`${served.deployment.url}/v1/levels?${span}&format=prometheus`)).text()
  for (const { operation, attempts, done } of whole) {
    expect(csv).toContain(`all,${operation},${attempts},${done},`)
    expect(metrics).toContain(
      `stacktach_service_level_attempts{operation="${operation}",outcome="done"} ${done}`,
    )
  }
})

test('what comes is seen as it comes; a pause leaves nothing out', async () => {
  const page = await open('/live?kinds=event&columns=time,what,message_id')
  await page.getByText('open', { exact: true }).waitFor()
  const send = (from: number, to: number) =>
    post(
      Array.from({ length: to - from }, (_, index) =>
        JSON.stringify({
          ...{
            event_type: 'compute.instance.update',
            message_id: `live-${from + index}-`,
            timestamp: '2026-11-19T09:00:00',
          },
          payload: { instance_id: 'live' },
        }),
      ).join('\n'),
    )
  await send(0, 20)
  await page.getByText('live-19-').waitFor()
  await page.getByRole('button', { name: 'Pause' }).click()
  await send(20, 60)
  await page.waitForTimeout(1500)
  expect(await page.getByText('live-20-').count()).toBe(0)
  await page.getByRole('button', { name: 'Go on' }).click()
  await page.getByText('live-59-').waitFor()
  const texts = await page.locator('.live tbody tr').allInnerTexts()
  const ids = texts.map((one) => Number(/live-(\d+)-/.exec(one)?.[1])).reverse()
  expect(ids).toEqual(Array.from({ length: 60 }, (_, index) => index))
  // Over a restart of the server too.
  await served.deployment.restart()
  await send(60, 70)
  await page.getByText('live-69-').waitFor()
  expect(await page.locator('.live tbody tr').count()).toBe(70)
})

test('a hostile notification in every field, and one of 10 MB, do nothing', async () => {
  const evil = `"><script>fetch('/v1/evil')</script><img src=x onerror=alert(1)>\${alert(1)}{{7*7}}javascript:alert(1)\u202e\u2066\u0000\u001b[2J`
  const payload = {
    instance_id: `evil-${evil}`,
    ...{ host: evil, display_name: evil, tenant_id: evil, user_id: evil, state: evil, instance_type: evil },
    message: evil,
    exception: evil,
  }
  const hostile = (type: string, id: string, more: object = {}) => ({
    ...{ event_type: type, message_id: id, timestamp: '2026-11-19T10:00:00', publisher_id: evil },
    ...{ _context_request_id: evil, _context_user: evil, _context_tenant: evil },
    payload: { ...payload, ...more },
  })
  const file = join(served.folder, 'hostile.jsonl')
  const lines = [
    hostile('compute.instance.create.start', 'evil-1'),
    hostile('compute.instance.create.error', `evil-2${evil}`.slice(0, 200)),
    hostile('compute.instance.update', 'evil-3', { display_name: `${evil}${'<b>'.repeat(3_500_000)}` }),
    hostile('compute.instance.update', 'evil-4', { memory_mb: evil }),
  ]
  writeFileSync(file, lines.map((one) => `${JSON.stringify(one)}\n`).join(''))
  const { code, stderr } = await runProgram(
    'stv3',
    ['replay', file, '-c', join(served.folder, 'config/yagi.conf')],
    served.deployment.env,
  )
  expect([code, stderr.includes('panic')]).toEqual([0, false])
  await post(`<script>alert(1)</script>${evil}`)
  fail([6], `Error: ${evil}\n${evil}`)
  const streams = await read<{ id: number; distinguishing_traits: object }[]>('/v1/streams?limit=20')
  const own = streams.find((one) => JSON.stringify(one).includes('evil-'))?.id
  const [letter] = await read<{ id: number }[]>('/v1/dead-letters?limit=1')
  const traits = encodeURIComponent('display_name:evil')
  for (const address of [
    '/',
    `/streams?open=${own}`,
    '/streams?open=6',
    `/dead-letters?open=${letter?.id}`,
    `/story?event=evil-3`,
    `/story?event=evil-1`,
    `/search?q=${encodeURIComponent(evil)}`,
    `/search?q=evil-1&x=${traits}`,
    `/streams?trigger_name=${encodeURIComponent(evil)}`,
    `/triggers?open=${encodeURIComponent(evil)}`,
    `/live?columns=${encodeURIComponent(evil)}`,
  ]) {
    const { page, faults } = await openPage(served.browser)
    const asked: string[] = []
    page.on('request', (request) => asked.push(request.url()))
    await page.goto(served.deployment.url + address)
    await page.locator('h1').waitFor()
    await page.waitForTimeout(700)
    expect(await page.locator('main img, main script, main iframe, main b:has(b)').count(), address).toBe(0)
    expect(await page.locator('main').innerText(), address).not.toMatch(/[[\p{Cc}--[\n\t]]\p{Bidi_Control}]/v)
    expect(
      asked.filter((one) => one.endsWith('/v1/evil')),
      address,
    ).toEqual([])
    expect(faults, address).toEqual([])
    expect(await page.evaluate('document.documentElement.scrollWidth'), address).toBeLessThanOrEqual(1280)
  }
})

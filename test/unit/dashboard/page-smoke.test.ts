import { expect, onTestFinished, test } from 'vitest'
import { mountPage } from '../../../src/dashboard/mount-page.ts'
import { upgradeSchema } from '../../../src/store/schema/migrate.ts'
import { createSqlStore } from '../../../src/store/sql-store.ts'
import { openSqliteDatabase } from '../../../src/store/sqlite/sqlite-database.ts'
import { serveApi } from '../../support/api.ts'
import { event, routerOf } from '../../support/events.ts'
import { openPage, startBrowser } from '../../support/page/browser.ts'

// A short look in a real browser; all views, widths, colours and actions are in test/long/page.test.ts.

const HOSTILE = '<img src=x onerror="alert(1)">\u202egnp.exe'

test('who has a token sees the streams, and a hostile value is only text', async () => {
  const database = openSqliteDatabase(':memory:')
  await upgradeSchema(database.db, database.dialect.types)
  const store = await createSqlStore(database, { writer: 'test' })
  const router = routerOf({ distinguished_by: ['host'] })
  const one = event({ host: HOSTILE })
  await store.storeBatch(
    { arrivals: [{ event: one, at: one.timestamp, keys: router.keysOf(one) }], deadLetters: [] },
    router,
  )
  const access = { read: ['reader'], write: [] }
  const url = await serveApi({
    store,
    access,
    mountPage: (app) => mountPage(app, { access, filters: {}, hasHeka: false }),
  })
  const browser = await startBrowser()
  onTestFinished(() => browser.close())
  const { page, faults } = await openPage(browser)
  await page.goto(`${url}/streams?open=1`)
  await page.getByLabel('Token of the API').fill('reader')
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { name: 'Stream 1' }).waitFor()
  const shown = await page.locator('.detail').innerText()
  expect(shown).toContain('<img src=x onerror="alert(1)">\\u202egnp.exe')
  expect(await page.locator('img').count()).toBe(0)
  expect(await page.evaluate('document.cookie + JSON.stringify(localStorage) + location.href')).not.toContain(
    'reader',
  )
  expect(faults).toEqual([])
})

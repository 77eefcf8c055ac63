import { gunzipSync, gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { mountPage } from '../../../src/dashboard/mount-page.ts'
import { readPageFiles } from '../../../src/dashboard/page-files.ts'
import { upgradeSchema } from '../../../src/store/schema/migrate.ts'
import { createSqlStore } from '../../../src/store/sql-store.ts'
import { openSqliteDatabase } from '../../../src/store/sqlite/sqlite-database.ts'
import { serveApi } from '../../support/api.ts'

const ACCESS = { read: ['anna reader'], write: ['writer'] }
const NO_TOKENS = { read: [], write: [] }
const OF_PAGE = { 'x-stacktach-page': '1' }

async function served(access: { read: string[]; write: string[] } = ACCESS): Promise<string> {
  const database = openSqliteDatabase(':memory:')
  await upgradeSchema(database.db, database.dialect.types)
  const store = await createSqlStore(database, { writer: 'test' })
  const filters = { 'Failed days': '/streams?state=error' }
  return serveApi({ store, access, mountPage: (app) => mountPage(app, { access, filters, hasHeka: false }) })
}

async function signIn(url: string, token: string, headers: object = OF_PAGE): Promise<Response> {
  return fetch(`${url}/ui/session`, {
    method: 'POST',
    headers: { ...headers },
    body: JSON.stringify({ token }),
  })
}

const cookieIn = (response: Response) => response.headers.get('set-cookie')?.split(';')[0] ?? ''

test('every view has the same document, which no other page may frame and which loads nothing from elsewhere', async () => {
  const url = await served()
  for (const path of [
    '/',
    '/streams?state=error',
    '/story',
    '/search?q=x',
    '/dead-letters',
    '/live',
    '/triggers',
    '/levels',
  ]) {
    const response = await fetch(url + path)
    expect(response.status, path).toBe(200)
    const policy = response.headers.get('content-security-policy') ?? ''
    expect(policy).toContain("default-src 'none'")
    expect(policy).toContain("frame-ancestors 'none'")
    expect(policy).toContain("require-trusted-types-for 'script'")
    expect(policy).not.toMatch(/unsafe|https?:|\*|data:/)
    expect(response.headers.get('x-frame-options')).toBe('DENY')
    expect(response.headers.get('x-content-type-options')).toBe('nosniff')
    const text = await response.text()
    expect(text).not.toMatch(/<style|<script(?![^>]*\bsrc=)|\bstyle=|\son\w+=|https?:\/\//)
  }
  expect((await fetch(`${url}/streams/1`)).status).toBe(401)
  expect((await fetch(`${url}/streams`, { method: 'POST' })).status).toBe(405)
})

test('all that the page loads is at most 60 KB packed, comes packed, and is not loaded again while it is the same', async () => {
  const files = readPageFiles()
  const packed = [...files.values()].reduce((sum, file) => sum + file.packed.length, 0)
  expect(packed).toBeLessThanOrEqual(60 * 1024)
  const url = await served()
  for (const [address, file] of files) {
    const response = await fetch(url + address)
    expect(response.status, address).toBe(200)
    expect(response.headers.get('content-encoding')).toBe('gzip')
    expect(Buffer.from(await response.arrayBuffer()).equals(gunzipSync(file.packed)), address).toBe(true)
    const again = await fetch(url + address, {
      headers: { 'if-none-match': response.headers.get('etag') ?? '' },
    })
    expect(again.status).toBe(304)
  }
  const plain = await fetch(`${url}/ui/page.js`, { headers: { 'accept-encoding': 'identity' } })
  expect(plain.headers.get('content-encoding')).toBeNull()
  expect(gzipSync(await plain.text()).length).toBeGreaterThan(1000)
})

test.each([
  '/ui/',
  '/ui/../package.json',
  '/ui/%2e%2e/mount-page.ts',
  '/ui/lib/lit-html/package.json',
  '/ui/lib/uplot/../../x',
])('nothing else of the disk is served: %s', async (path) => {
  expect((await fetch((await served(NO_TOKENS)) + path)).status).toBe(404)
})

test('a token is kept in a cookie that scripts cannot read and other sites do not send', async () => {
  const url = await served()
  expect((await fetch(`${url}/v1/streams`)).status).toBe(401)
  expect((await signIn(url, 'wrong')).status).toBe(401)
  const response = await signIn(url, 'reader')
  expect(response.headers.get('set-cookie')).toMatch(
    /^stacktach_token=[\w-]+; Path=\/; HttpOnly; SameSite=Strict$/,
  )
  expect(await response.json()).toMatchObject({ may_read: true, may_write: false, name: 'anna' })
  const cookie = cookieIn(response)
  expect((await fetch(`${url}/v1/streams`, { headers: { cookie } })).status).toBe(200)
  const session = await (await fetch(`${url}/ui/session`, { headers: { cookie } })).json()
  expect(session).toMatchObject({ may_read: true, filters: { 'Failed days': '/streams?state=error' } })
  const nobody = await (await fetch(`${url}/ui/session`)).json()
  expect(nobody).toEqual({
    needs_token: true,
    has_heka: false,
    may_read: false,
    may_write: false,
    name: null,
    version: null,
    filters: {},
  })
  const behindTls = await signIn(url, 'reader', { ...OF_PAGE, origin: url.replace('http:', 'https:') })
  expect(behindTls.headers.get('set-cookie')).toContain('; Secure')
  const out = await fetch(`${url}/ui/session`, { method: 'DELETE', headers: OF_PAGE })
  expect(out.headers.get('set-cookie')).toMatch(/^stacktach_token=;.*Max-Age=0$/)
})

test('a change by cookie has to come from the page itself; a bearer token needs nothing else', async () => {
  const url = await served()
  const cookie = cookieIn(await signIn(url, 'writer'))
  const begin = (headers: Record<string, string>) =>
    fetch(`${url}/v1/streams/actions`, {
      method: 'POST',
      headers,
      body: JSON.stringify({ action: 'delete', filter: {}, dry_run: true }),
    })
  expect((await begin({ cookie })).status).toBe(403)
  expect((await begin({ cookie, ...OF_PAGE, origin: 'http://evil.example' })).status).toBe(403)
  expect((await begin({ cookie, ...OF_PAGE, 'sec-fetch-site': 'same-site' })).status).toBe(401)
  expect((await begin({ cookie, ...OF_PAGE, origin: url })).status).toBe(200)
  expect((await begin({ authorization: 'Bearer writer' })).status).toBe(200)
  const reader = cookieIn(await signIn(url, 'reader'))
  expect((await begin({ cookie: reader, ...OF_PAGE })).status).toBe(403)
  expect((await fetch(`${url}/v1/streams/1`, { method: 'DELETE', headers: { cookie } })).status).toBe(403)
  // Reading for a page of elsewhere is nothing that a cookie allows either.
  const elsewhere = { cookie, 'sec-fetch-site': 'cross-site' }
  expect((await fetch(`${url}/v1/streams`, { headers: elsewhere })).status).toBe(401)
  expect(await (await fetch(`${url}/ui/session`, { headers: elsewhere })).json()).toMatchObject({
    has_heka: false,
    may_read: false,
  })
})

test('nobody is signed in, or out, by another page', async () => {
  const url = await served()
  expect((await signIn(url, 'writer', {})).status).toBe(403)
  expect((await signIn(url, 'writer', { ...OF_PAGE, origin: 'http://evil.example' })).status).toBe(403)
  expect((await fetch(`${url}/ui/session`, { method: 'DELETE' })).status).toBe(403)
  for (const body of ['', 'x', '[]', '{"token": 1}', '{"token": ""}'])
    expect((await fetch(`${url}/ui/session`, { method: 'POST', headers: OF_PAGE, body })).status, body).toBe(
      401,
    )
})

test('without tokens nobody has to sign in; under a foreign name nothing is served', async () => {
  const url = await served(NO_TOKENS)
  expect(await (await fetch(`${url}/ui/session`)).json()).toMatchObject({
    needs_token: false,
    may_write: true,
  })
  const { port } = new URL(url)
  const { request } = await import('node:http')
  const status = await new Promise((resolve) => {
    request({ host: '127.0.0.1', port, path: '/', headers: { host: 'evil.example' } }, (response) => {
      response.resume()
      resolve(response.statusCode)
    }).end()
  })
  expect(status).toBe(403)
})

test('a server without the page has neither its addresses nor its cookie', async () => {
  const database = openSqliteDatabase(':memory:')
  await upgradeSchema(database.db, database.dialect.types)
  const store = await createSqlStore(database)
  const url = await serveApi({ store, access: ACCESS })
  const cookie = `stacktach_token=${Buffer.from('writer').toString('base64url')}`
  for (const path of ['/', '/ui/page.js', '/ui/session', '/v1/streams'])
    expect((await fetch(url + path, { headers: { cookie } })).status, path).toBe(401)
})

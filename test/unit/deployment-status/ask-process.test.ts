import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { freePort } from '../../../sandbox/servers/server-process.ts'
import { askProcess } from '../../../src/deployment-status/ask-process.ts'

/** Serves one answer to everything; undefined never answers. Returns HOST:PORT. */
async function serving(status: number, body: string | undefined): Promise<string> {
  const server = createServer((_, response) => {
    if (body !== undefined) response.writeHead(status).end(body)
  })
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  return `127.0.0.1:${(server.address() as AddressInfo).port}`
}

test('a daemon says what it is, and why it cannot work', async () => {
  const body = { role: 'worker', name: 'w', version: '1', uptime_s: 7, clock: 'auto', ready: false }
  const at = await serving(200, JSON.stringify({ ...body, reason: 'away', remarks: ['b'] }))
  const { role, name, version, uptimeS, clock, state, reason, remarks } = await askProcess(at, 60_000)
  expect({ role, name, version, uptimeS, clock }).toEqual({
    role: 'worker',
    name: 'w',
    version: '1',
    uptimeS: 7,
    clock: 'auto',
  })
  expect({ state, reason, remarks }).toEqual({ state: 'unready', reason: 'away', remarks: ['b'] })
})

test.each([
  [404, 'not found', 'answers 404 to /status'],
  [200, 'hello', 'answers, but is none of the daemons'],
  [200, '[]', 'answers, but is none of the daemons'],
])('what answers %d %j is no daemon', async (status, body, reason) => {
  const at = await serving(status, body)
  expect(await askProcess(at, 60_000)).toMatchObject({ at, state: 'silent', role: undefined, reason })
})

test('one that is away or says nothing is told with the reason', async () => {
  const at = `127.0.0.1:${await freePort()}`
  expect((await askProcess(at, 60_000)).reason).toMatch(/^does not answer: connect ECONNREFUSED/)
  expect((await askProcess(await serving(200, undefined), 50)).reason).toBe('has not answered within 0.05 s')
})

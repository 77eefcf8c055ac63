import { readFileSync } from 'node:fs'
import { createServer as createHttp, type IncomingMessage, type Server } from 'node:http'
import { createServer as createHttps } from 'node:https'
import { type AddressInfo, connect } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { afterEach, expect, onTestFinished, test, vi } from 'vitest'
import { sendHttp } from '../../../src/publishing/http-request.ts'
import { sendOut, useOutgoing } from '../../../src/runtime/outgoing.ts'
import { Authority } from '../../support/certificates.ts'
import { temporaryFolder } from '../../support/folders.ts'

const VARIABLES = ['HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY', 'http_proxy', 'https_proxy', 'no_proxy']

afterEach(() => {
  vi.unstubAllEnvs()
  useOutgoing({})
  // The environment is read when the settings change.
  useOutgoing({ proxy: 'none' })
})

function environment(variables: { readonly [name: string]: string }): void {
  for (const name of VARIABLES) vi.stubEnv(name, variables[name])
  useOutgoing({ proxy: 'none' })
  useOutgoing({})
}

async function listening(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return (server.address() as AddressInfo).port
}

/** A proxy that leads all hosts to one port of this machine. */
async function proxyTo(
  port: number,
): Promise<{ url: string; asked: string[]; authorization: (string | undefined)[] }> {
  const asked: string[] = []
  const authorization: (string | undefined)[] = []
  const note = (request: IncomingMessage) => {
    asked.push(`${request.method} ${request.url}`)
    authorization.push(request.headers['proxy-authorization'])
  }
  const server = createHttp((request, response) => {
    note(request)
    response.end('by the proxy')
  })
  server.on('connect', (request, socket, head) => {
    note(request)
    const onward = connect(port, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n')
      onward.write(head)
      socket.pipe(onward).pipe(socket)
    })
    for (const one of [socket, onward]) one.on('error', () => {})
  })
  return { url: `http://127.0.0.1:${await listening(server)}`, asked, authorization }
}

const post = (url: string) =>
  sendHttp(
    { url, method: 'POST', headers: {}, body: 'x', timeoutMs: 10_000, needsText: true },
    new AbortController().signal,
  )

test('what goes out takes the proxy of the environment, but not to this machine or to hosts of NO_PROXY', async () => {
  const own = await listening(createHttp((_, response) => void response.end('by itself')))
  const proxy = await proxyTo(own)
  environment({ HTTP_PROXY: proxy.url, NO_PROXY: 'near.test, .inner.test' })
  expect((await post(`http://far.test:${own}/hook`)).text).toMatch(/^by/)
  expect(proxy.asked.length).toBe(1)
  expect(proxy.asked[0]).toContain('far.test')
  expect((await post(`http://127.0.0.1:${own}/`)).text).toBe('by itself')
  expect((await post(`http://localhost:${own}/`)).text).toBe('by itself')
  await expect(post('http://near.test:1/')).rejects.toThrow('near.test')
  await expect(post('http://a.inner.test:1/')).rejects.toThrow('inner.test')
  expect(proxy.asked.length).toBe(1)
})

test('a proxy of the settings goes before that of the environment, with its password; none is none', async () => {
  const own = await listening(createHttp((_, response) => void response.end('by itself')))
  const [proxy, other] = [await proxyTo(own), await proxyTo(own)]
  environment({ HTTP_PROXY: other.url, HTTPS_PROXY: other.url })
  useOutgoing({ proxy: proxy.url.replace('//', '//user:pass%20word@'), noProxy: ['near.test'] })
  await post(`http://far.test:${own}/`)
  expect(proxy.authorization).toEqual([`Basic ${Buffer.from('user:pass word').toString('base64')}`])
  useOutgoing({ proxy: 'none' })
  await expect(post('http://far.test:1/')).rejects.toThrow('far.test')
  expect(other.asked).toEqual([])
})

test('an own authority is trusted and the client certificate shown, directly and by a proxy', async () => {
  const folder = temporaryFolder()
  const authority = new Authority(folder, 'ours')
  const server = authority.sign('server', 'IP:127.0.0.1,DNS:far.test')
  const client = authority.sign('client', 'DNS:client')
  const options = {
    cert: readFileSync(server.cert),
    key: readFileSync(server.key),
    ca: readFileSync(authority.ca),
    requestCert: true,
    rejectUnauthorized: false,
  }
  const port = await listening(
    createHttps(options, ({ socket }, response) => {
      const { authorized } = socket as TLSSocket
      response.end(authorized ? 'known' : 'unknown')
    }) as unknown as Server,
  )
  const proxy = await proxyTo(port)
  const url = `https://127.0.0.1:${port}/`
  environment({})
  await expect(post(url)).rejects.toThrow(/certificate/)
  useOutgoing({ proxy: proxy.url, ca: authority.ca })
  expect((await post(url)).text).toBe('unknown')
  useOutgoing({ proxy: proxy.url, ca: authority.ca, ...client })
  expect((await post(url)).text).toBe('known')
  expect(proxy.asked).toEqual([])
  expect((await post('https://far.test:443/')).text).toBe('known')
  expect(proxy.asked).toEqual(['CONNECT far.test:443'])
  useOutgoing({ ca: `${folder}/nosuch.pem` })
  await expect(sendOut(url)).rejects.toThrow('cannot read')
})

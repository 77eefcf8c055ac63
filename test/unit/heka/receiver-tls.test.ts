import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { type RequestOptions, request } from 'node:https'
import { connect } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { expect, onTestFinished, test } from 'vitest'
import { buildHttpReceiver } from '../../../src/assembly/heka/build-http-receiver.ts'
import { buildTcpReceiver } from '../../../src/assembly/heka/build-tcp-receiver.ts'
import type { Listening } from '../../../src/assembly/heka/run-heka.ts'
import type { Broker } from '../../../src/broker/broker.ts'
import { createMemoryBroker } from '../../../src/broker/memory/memory-broker.ts'
import { HTTP_RECEIVER, TCP_RECEIVER } from '../../../src/heka/settings/programs.ts'
import { type Program, readSettings } from '../../../src/heka/settings/read-settings.ts'
import type { Settings, ValuesOf } from '../../../src/heka/settings/setting.ts'
import { encodeMessage } from '../../../src/heka/wire/encode-message.ts'
import { type Logger, silentLogger } from '../../../src/runtime/logger.ts'
import { Authority } from '../../support/certificates.ts'
import { temporaryFolder } from '../../support/folders.ts'
import { messageNumber } from '../../support/heka/subscription.ts'
import { until } from '../../support/until.ts'

const valuesOf = <S extends Settings>(
  program: Program<S>,
  environment: { readonly [name: string]: string },
) => readSettings(program, { options: {}, environment: { ...COMMON, ...environment } })
const COMMON = { CLIENT_ID: 'test', BIND_ADDRESS: '127.0.0.1:0', STATS_ADDRESS: '', STATS: 'false' }

/** Starts a receiver on a broker in this process, until the test ends. */
async function start<S extends Settings, T extends Listening>(
  program: Program<S>,
  build: (values: ValuesOf<S>, broker: Broker, logger: Logger) => Promise<T>,
  environment: { readonly [name: string]: string },
): Promise<T> {
  const broker = createMemoryBroker()
  const receiver = await build(valuesOf(program, environment), broker, silentLogger)
  await receiver.start()
  onTestFinished(async () => {
    await receiver.stop()
    await broker.close()
  })
  return receiver
}

/** Posts a message over HTTPS. Resolves to the status; rejects where TLS does not come about. */
async function post({ address }: Listening, more: RequestOptions): Promise<number | undefined> {
  const { port } = address()
  const asked = request({ host: '127.0.0.1', port, method: 'POST', agent: false, ...more })
  asked.end(encodeMessage(messageNumber(1)))
  const [response] = await once(asked, 'response')
  response.resume()
  return response.statusCode
}

test('the HTTP receiver speaks HTTPS with a certificate, and nothing else', async () => {
  const authority = new Authority(temporaryFolder(), 'heka')
  const { cert, key } = authority.sign('server', 'IP:127.0.0.1')
  const receiver = await start(HTTP_RECEIVER, buildHttpReceiver, { TLS_CERT_FILE: cert, TLS_KEY_FILE: key })
  expect(await post(receiver, { ca: readFileSync(authority.ca) })).toBe(200)
  await expect(post(receiver, {})).rejects.toThrow('certificate')
  await expect(fetch(`http://127.0.0.1:${receiver.address().port}/health`)).rejects.toThrow()
})

test('clients of the HTTP receiver must show a certificate where their authority is named', async () => {
  const authority = new Authority(temporaryFolder(), 'heka')
  const { cert, key } = authority.sign('server', 'IP:127.0.0.1')
  const theirs = authority.sign('client', 'DNS:client')
  const files = { TLS_CERT_FILE: cert, TLS_KEY_FILE: key, TLS_CLIENT_CA_FILE: authority.ca }
  const receiver = await start(HTTP_RECEIVER, buildHttpReceiver, files)
  const ca = readFileSync(authority.ca)
  await expect(post(receiver, { ca })).rejects.toThrow()
  const shown = { cert: readFileSync(theirs.cert), key: readFileSync(theirs.key) }
  expect(await post(receiver, { ca, ...shown })).toBe(200)
})

test('a certificate that was renewed is shown after a reload', async () => {
  const folder = temporaryFolder()
  const { cert, key } = new Authority(folder, 'before').sign('server', 'IP:127.0.0.1')
  const files = { TLS_CERT_FILE: cert, TLS_KEY_FILE: key }
  const http = await start(HTTP_RECEIVER, buildHttpReceiver, files)
  const tcp = await start(TCP_RECEIVER, buildTcpReceiver, files)
  const authority = new Authority(folder, 'after')
  authority.sign('server', 'IP:127.0.0.1')
  await http.take(valuesOf(HTTP_RECEIVER, files))
  await tcp.take(valuesOf(TCP_RECEIVER, files))
  const ca = readFileSync(authority.ca)
  expect(await post(http, { ca })).toBe(200)
  const socket = connectTls({ port: tcp.address().port, host: '127.0.0.1', ca })
  onTestFinished(() => void socket.destroy())
  await once(socket, 'secureConnect')
  expect(socket.authorized).toBe(true)
})

test('a certificate without its key is refused', async () => {
  const { cert } = new Authority(temporaryFolder(), 'heka').sign('server', 'IP:127.0.0.1')
  const started = start(TCP_RECEIVER, buildTcpReceiver, { TLS_CERT_FILE: cert })
  await expect(started).rejects.toThrow('TLS needs both TLS_CERT_FILE and TLS_KEY_FILE')
})

test('the TCP receiver stops though a client does not finish its handshake', async () => {
  const { cert, key } = new Authority(temporaryFolder(), 'heka').sign('server', 'IP:127.0.0.1')
  const receiver = await start(TCP_RECEIVER, buildTcpReceiver, { TLS_CERT_FILE: cert, TLS_KEY_FILE: key })
  const socket = connect(receiver.address().port, '127.0.0.1')
  onTestFinished(() => void socket.destroy())
  socket.on('error', () => {})
  await once(socket, 'connect')
  const stopped = receiver.stop()
  await until('it is closed', () => socket.destroyed, 5000)
  await stopped
})

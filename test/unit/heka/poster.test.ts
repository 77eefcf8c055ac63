import { join } from 'node:path'
import { expect, test } from 'vitest'
import { buildSubscriber } from '../../../src/assembly/heka/build-subscriber.ts'
import { createMemoryBroker } from '../../../src/broker/memory/memory-broker.ts'
import { SUBSCRIBER } from '../../../src/heka/settings/programs.ts'
import { readSettings } from '../../../src/heka/settings/read-settings.ts'
import { Poster } from '../../../src/heka/subscriber/poster.ts'
import { silentLogger } from '../../../src/runtime/logger.ts'
import { folderWith } from '../../support/folders.ts'
import { httpServer, reply } from '../../support/http-server.ts'

test('a batch that is tried again is posted by the options that hold then', async () => {
  const { url, received } = await httpServer((response, _, number) => {
    poster.use({ ...options, headers: { Authorization: 'after' } })
    response.setHeader('Retry-After', '0')
    reply(response, number === 1 ? 503 : 200)
  })
  const options = {
    url,
    headers: { Authorization: 'before' },
    isPacked: false,
    timeoutMs: 5000,
    retryMs: 0,
    logger: silentLogger,
  }
  const poster = new Poster(options)
  expect(await poster.post(Buffer.from('{}\n'), 'b', AbortSignal.timeout(5000))).toEqual({
    kind: 'delivered',
  })
  expect(received.map(({ headers }) => headers.authorization)).toEqual(['before', 'after'])
})

test.each(['Bearer ключ', 'Bearer a\nX-Other: b'])(
  'the authorization %j, which no header can carry, is refused at the start',
  async (text) => {
    const file = join(folderWith({ authorization: text }), 'authorization')
    const environment = {
      CLIENT_ID: 'c',
      SUBJECT: 's',
      REMOTE_URL: 'http://127.0.0.1:1/',
      AUTHORIZATION_FILE: file,
    }
    const values = readSettings(SUBSCRIBER, { options: {}, environment })
    const built = buildSubscriber(values, createMemoryBroker(), silentLogger)
    await expect(built).rejects.toThrow(`${file} holds more than one line of ASCII`)
  },
)

test.each([
  ['logs/0.0-5.0', 'logs/0.0-5.0'],
  ['журнал 日誌/0.0-5.0', '%D0%B6%D1%83%D1%80%D0%BD%D0%B0%D0%BB%20%E6%97%A5%E8%AA%8C/0.0-5.0'],
  ['100%é/0.0-5.0', '100%25%C3%A9/0.0-5.0'],
])('the batch %s is posted with the key %s', async (id, key) => {
  const { url, received } = await httpServer((response) => reply(response, 200))
  const poster = new Poster({
    url,
    headers: {},
    isPacked: false,
    timeoutMs: 5000,
    retryMs: 1,
    logger: silentLogger,
  })
  const outcome = await poster.post(Buffer.from('{}\n'), id, AbortSignal.timeout(5000))
  expect(outcome.kind).toBe('delivered')
  expect(received.map(({ headers }) => headers['idempotency-key'])).toEqual([key])
})

import { connect } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { createHttpApp } from '../../../src/http/create-app.ts'
import { EventStream, sendEvents } from '../../../src/http/event-stream.ts'
import { createHttpService } from '../../../src/http/http-service.ts'

async function serve(messages: EventStream['messages'], slowMs = 60_000) {
  const app = createHttpApp()
  app.get(
    '/tail',
    (request, response) => void sendEvents(request, response, new EventStream(messages), { slowMs }),
  )
  const service = createHttpService(app, { host: '127.0.0.1', port: 0 })
  await service.start()
  onTestFinished(() => service.stop())
  return service
}

const urlOf = (service: Awaited<ReturnType<typeof serve>>) =>
  `http://127.0.0.1:${service.address().port}/tail`

test('messages have their place, their name and their data in one line', async () => {
  const service = await serve(async function* () {
    yield { id: '1-2', event: 'event', data: { text: 'a\nb', big: 9007199254740993n } }
    yield { id: '1-3' }
  })
  const response = await fetch(urlOf(service))
  expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8')
  expect(await response.text()).toBe(
    'retry: 2000\n\nid: 1-2\nevent: event\ndata: {"text":"a\\nb","big":9007199254740993}\n\nid: 1-3\n\n',
  )
})

test('a reader that takes nothing gets a last message, and nothing more is made for it', async () => {
  let made = 0
  const ended = Promise.withResolvers<void>()
  const service = await serve(async function* () {
    try {
      for (;;) yield { event: 'event', data: 'x'.repeat(100_000), id: String(++made) }
    } finally {
      ended.resolve()
    }
  }, 300)
  const socket = connect(service.address().port, '127.0.0.1')
  onTestFinished(() => void socket.destroy())
  socket.write('GET /tail HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n')
  socket.pause()
  await ended.promise
  const before = made
  let text = ''
  socket.on('data', (chunk) => {
    text += chunk
  })
  socket.resume()
  await new Promise((resolve) => socket.once('close', resolve))
  expect(made).toBe(before)
  expect(text.slice(-400)).toContain('event: dropped\ndata: {"reason":"nothing was taken for 0.3 s;')
})

test('a server that stops ends its streams at once', async () => {
  const service = await serve(async function* (signal) {
    yield { id: '1' }
    await new Promise((resolve) => signal.addEventListener('abort', resolve))
  })
  const response = await fetch(urlOf(service))
  const text = response.text()
  await service.stop()
  expect(await text).toBe('retry: 2000\n\nid: 1\n\n')
})

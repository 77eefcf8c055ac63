import { connect } from 'node:net'
import { encodeMessage } from '../../../src/heka/wire/encode-message.ts'
import { parseMessageForm } from '../../../src/heka/wire/parse-message-form.ts'
import { type VectorBytes, vectorBytes } from './vectors.ts'

type RepeatedMessage = {
  readonly [key: string]: unknown
  readonly payload?: { repeat: string; times: number } | string
}

/** A request of a vector: its parts, or bytes as they are sent. */
export type RequestVector = {
  readonly method?: string
  readonly path?: string
  readonly headers?: { readonly [name: string]: string }
  readonly body?: string | { readonly message: RepeatedMessage; readonly length: number }
  readonly chunked?: boolean
  readonly raw?: string
  readonly rawParts?: readonly string[]
  readonly rawRuns?: readonly VectorBytes[]
  readonly halfClose?: boolean
}

export type HttpResponse = {
  readonly status: number
  readonly headers: { readonly [name: string]: string }
  readonly body: string
}

/** Sends a request on a connection of its own. Returns the answers that came until `count` of them, or the end. */
export async function exchange(
  port: number,
  request: RequestVector,
  count: number,
): Promise<{ readonly responses: readonly HttpResponse[]; readonly isClosed: boolean }> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: request.halfClose === true })
  let received = Buffer.alloc(0)
  let isClosed = false
  const isHead = request.method === 'HEAD'
  const done = new Promise<void>((resolve) => {
    socket.on('data', (bytes: Buffer) => {
      received = Buffer.concat([received, bytes])
      if (responsesIn(received, isHead).length >= count) resolve()
    })
    socket.on('error', () => resolve())
    socket.once('close', () => {
      isClosed = true
      resolve()
    })
    socket.once('end', () => {
      isClosed = true
      resolve()
    })
  })
  for (const part of partsOf(request)) {
    socket.write(part)
    if (request.rawParts) await new Promise((resolve) => setTimeout(resolve, 20))
  }
  if (request.halfClose) socket.end()
  await done
  socket.destroy()
  return { responses: responsesIn(received, isHead), isClosed }
}

function partsOf(request: RequestVector): Buffer[] {
  const { method = 'POST', path = '/', headers = {}, body = '', chunked, raw, rawParts, rawRuns } = request
  if (raw !== undefined) return [/^[\da-f]*$/i.test(raw) ? Buffer.from(raw, 'hex') : Buffer.from(raw)]
  if (rawParts) return rawParts.map((part) => Buffer.from(part, 'hex'))
  if (rawRuns) return [vectorBytes({ runs: rawRuns })]
  const bytes = bodyOf(body)
  const lines = [`${method} ${path} HTTP/1.1`, 'Host: r']
  for (const [name, value] of Object.entries(headers)) lines.push(`${name}: ${value}`)
  lines.push(chunked ? 'Transfer-Encoding: chunked' : `Content-Length: ${bytes.length}`)
  const head = Buffer.from(`${lines.join('\r\n')}\r\n\r\n`)
  if (!chunked) return [head, bytes]
  return [head, Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from('\r\n0\r\n\r\n')]
}

function bodyOf(body: NonNullable<RequestVector['body']>): Buffer {
  if (typeof body === 'string') return Buffer.from(body, 'hex')
  const { payload } = body.message
  const text = typeof payload === 'object' ? payload.repeat.repeat(payload.times) : payload
  const bytes = encodeMessage(parseMessageForm({ ...body.message, payload: text }))
  if (bytes.length !== body.length) throw new Error(`a body of ${bytes.length} bytes, not ${body.length}`)
  return bytes
}

function responsesIn(bytes: Buffer, isHead: boolean): HttpResponse[] {
  const found: HttpResponse[] = []
  for (let rest = bytes; ; ) {
    const end = rest.indexOf('\r\n\r\n')
    if (end < 0) return found
    const [first = '', ...lines] = rest.subarray(0, end).toString('latin1').split('\r\n')
    const headers = Object.fromEntries(
      lines.map((line) => [
        line.slice(0, line.indexOf(':')).toLowerCase(),
        line.slice(line.indexOf(':') + 1).trim(),
      ]),
    )
    const length = isHead ? 0 : Number(headers['content-length'] ?? 0)
    if (rest.length < end + 4 + length) return found
    const status = Number(first.split(' ')[1])
    if (status >= 200)
      found.push({ status, headers, body: rest.subarray(end + 4, end + 4 + length).toString() })
    rest = rest.subarray(end + 4 + length)
  }
}

import type { ServerResponse } from 'node:http'

export const PLAIN = 'text/plain; charset=utf-8'

/** Up to this size the length of a body is given, as hermes does; bytes. */
const LARGEST_WHOLE = 2048

/** Sends a body of text. An empty one has no type. */
export function sendText(response: ServerResponse, status: number, type: string, text: string): void {
  const body = Buffer.from(text)
  response.statusCode = status
  response.setHeader('x-content-type-options', 'nosniff')
  if (body.length > 0) response.setHeader('content-type', type)
  if (body.length <= LARGEST_WHOLE) response.setHeader('content-length', body.length)
  else response.flushHeaders()
  response.end(body)
}

/** Sends one sentence on why a request was not served. */
export function refuse(response: ServerResponse, status: number, sentence: string): void {
  sendText(response, status, PLAIN, sentence)
}

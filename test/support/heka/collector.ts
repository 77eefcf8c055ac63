import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'

export type Post = {
  readonly method: string
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
  readonly lines: readonly string[]
}

/** Answers a request; the answer by default is 200. */
export type Answer = (response: ServerResponse, post: Post, index: number) => void

/** Starts a server that keeps what is posted to it, and answers as it is told. It ends with the test. */
export async function startCollector(answer: Answer = (response) => response.end()) {
  const posts: Post[] = []
  let connections = 0
  const server = createServer((request, response) => {
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    request.once('end', () => {
      const body = Buffer.concat(parts)
      const lines = body.toString().split('\n').slice(0, -1)
      const post = {
        method: request.method ?? '',
        path: request.url ?? '',
        headers: request.headers,
        body,
        lines,
      }
      posts.push(post)
      answer(response, post, posts.length - 1)
    })
  })
  server.on('connection', () => connections++)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/in`,
    posts,
    connections: () => connections,
    /** Returns the payloads of all lines, in the order of their posts. */
    payloads: () => posts.flatMap(({ lines }) => lines.map((line) => JSON.parse(line).Payload as string)),
  }
}

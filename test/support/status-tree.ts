import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as delay, setImmediate } from 'node:timers/promises'
import { onTestFinished } from 'vitest'
import { createStatus, type Status, type StatusOptions } from '../../src/status/create-status.ts'
import type { ManualStatusClock } from './manual-status-clock.ts'

/** Serves a handler on a free port until the test ends. Returns its address. */
export async function served(handler: RequestListener): Promise<string> {
  const server = createServer(handler)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** Starts a status with its server until the test ends. */
export async function runningStatus(options: StatusOptions = {}): Promise<{ status: Status; url: string }> {
  const status = createStatus(options)
  const url = await served(status.handler)
  await status.start()
  onTestFinished(() => status.stop())
  return { status, url }
}

/** Posts a model as programs of hermes do. */
export async function postModel(
  url: string,
  model: object,
  headers: { [name: string]: string } = {},
): Promise<number> {
  const answer = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(model),
  })
  await answer.arrayBuffer()
  return answer.status
}

export type ReceivedPost = {
  readonly at: number
  readonly method: string
  readonly target: string
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

/** A parent that only records, as the vectors were recorded with. It keeps the time of a manual clock, in seconds. */
export async function recordingParent(
  clock: ManualStatusClock,
  answer: (response: ServerResponse, received: ReceivedPost) => void = (response) => response.end(),
): Promise<{ url: string; received: ReceivedPost[] }> {
  const received: ReceivedPost[] = []
  const url = await served((request, response) => {
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('end', () => {
      const one = {
        at: clock.now() / 1000,
        method: request.method ?? '',
        target: request.url ?? '',
        headers: request.headers,
        body: Buffer.concat(parts).toString(),
      }
      received.push(one)
      answer(response, one)
    })
  })
  return { url, received }
}

const STEP_MS = 500

/** Moves a clock step by step; between two steps what was begun in them ends, as far as `isIdle` says. */
export async function moveSlowly(
  clock: ManualStatusClock,
  to: number,
  isIdle: () => boolean | Promise<boolean> = () => true,
): Promise<void> {
  while (clock.now() < to) {
    clock.moveTo(Math.min(to, clock.now() + STEP_MS))
    for (let round = 0; round < 5; round++) await setImmediate()
    await settled(isIdle)
  }
}

/** Resolves when a condition holds; rejects after half a minute. */
export async function settled(isIdle: () => boolean | Promise<boolean>): Promise<void> {
  for (const deadline = Date.now() + 30_000; !(await isIdle()); await delay(2))
    if (Date.now() > deadline) throw new Error('waited 30 s in vain')
}

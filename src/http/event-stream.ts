import { once } from 'node:events'
import type { Request, Response } from 'express'
import { stringifyJson } from '../text/json.ts'
import { stoppingOf } from './stopping.ts'

/** A message of a stream of server-sent events. Without data it only moves the place at which a client goes on. */
export type ServerSentEvent = {
  /** the place after this message, for the header Last-Event-ID */
  readonly id?: string | undefined
  readonly event?: string | undefined
  readonly data?: unknown
}

/** An answer that goes on until the client leaves: messages are read as fast as the client takes them. */
export class EventStream {
  readonly messages: (signal: AbortSignal) => AsyncIterable<ServerSentEvent>

  /** `messages` ends when its signal aborts. */
  constructor(messages: (signal: AbortSignal) => AsyncIterable<ServerSentEvent>) {
    this.messages = messages
  }
}

export type EventStreamLimits = {
  /** how long a client may take nothing, ms */
  readonly slowMs: number
}

const LIMITS: EventStreamLimits = { slowMs: 15_000 }
/** How long a client that was dropped has to take the last message, ms. */
const LAST_MS = 30_000
/** Wait in ms after which a browser connects again. */
const RETRY_MS = 2000

/**
 * Sends server-sent events until the client leaves, or the server stops. A client that takes nothing for a while gets
 * the message `dropped` as its last one; it may go on where it was. No more is held in memory than one message.
 */
export async function sendEvents(
  request: Request,
  response: Response,
  { messages }: EventStream,
  { slowMs }: EventStreamLimits = LIMITS,
): Promise<void> {
  const ending = new AbortController()
  const end = () => ending.abort()
  response.once('close', end)
  const stopping = stoppingOf(request)
  stopping?.addEventListener('abort', end, { once: true })
  if (stopping?.aborted) end()
  response.set({ 'cache-control': 'no-store', 'x-accel-buffering': 'no' }).type('text/event-stream')
  response.flushHeaders()
  response.write(`retry: ${RETRY_MS}\n\n`)
  try {
    for await (const message of messages(ending.signal)) {
      if (response.write(textOf(message))) continue
      if (await drained(response, slowMs, ending.signal)) continue
      if (ending.signal.aborted) break
      const reason = `nothing was taken for ${slowMs / 1000} s; connect again to go on`
      response.write(textOf({ event: 'dropped', data: { reason } }))
      break
    }
  } finally {
    stopping?.removeEventListener('abort', end)
    if (!response.destroyed) {
      response.end()
      const timer = setTimeout(() => response.destroy(), LAST_MS).unref()
      response.once('close', () => clearTimeout(timer))
    }
  }
}

async function drained(response: Response, ms: number, ending: AbortSignal): Promise<boolean> {
  const signal = AbortSignal.any([ending, AbortSignal.timeout(ms)])
  return once(response, 'drain', { signal }).then(
    () => true,
    () => false,
  )
}

function textOf({ id, event, data }: ServerSentEvent): string {
  const lines = [
    ...(id === undefined ? [] : [`id: ${id}`]),
    ...(event === undefined ? [] : [`event: ${event}`]),
    // JSON in one line has no line breaks.
    ...(data === undefined ? [] : [`data: ${stringifyJson(data)}`]),
  ]
  return `${lines.join('\n')}\n\n`
}

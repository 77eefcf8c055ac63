import type { ServerResponse } from 'node:http'
import { every, type StatusClock } from '../status-clock.ts'
import { compactForm } from '../tree/encode.ts'
import type { Status } from '../tree/entry.ts'
import type { StatusModel, StatusQuery } from '../tree/status-model.ts'

/** Time after which a sign of life is sent, so that neither side takes the other for gone, ms. */
const COMMENT_MS = 15_000

export type Changes = {
  readonly model: StatusModel
  readonly clock: StatusClock
  readonly filter: StatusQuery
}

/**
 * Sends server-sent events until the client leaves: `model` with all that is there, then `change` with what was stored
 * and `gone` with a list of keys that are no longer there. The id of each is the change index. A client that is slower
 * than the changes gets the last of each key only.
 */
export function streamChanges(response: ServerResponse, { model, clock, filter }: Changes): void {
  const { prefix = '' } = filter
  const pending = new Set<string>()
  let isFull = false
  response.writeHead(200, {
    'content-type': 'text/event-stream',
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    'x-accel-buffering': 'no',
  })
  const send = (event: string, data: string) => {
    isFull = !response.write(`id: ${model.index}\nevent: ${event}\ndata: ${data}\n\n`)
  }
  const sendPending = () => {
    if (isFull || pending.size === 0) return
    const stored: Status[] = []
    const gone: string[] = []
    for (const key of pending) {
      const status = model.get(key)
      if (status) stored.push(status)
      else gone.push(key)
    }
    pending.clear()
    if (stored.length > 0) send('change', compactForm(stored))
    if (gone.length > 0) send('gone', JSON.stringify(gone))
  }
  const stop = model.onChange((change) => {
    if (change.kind === 'over') return
    for (const key of change.kind === 'gone' ? change.keys : [change.status.key])
      if (key.startsWith(prefix)) pending.add(key)
    // All changes of one request make one message.
    setImmediate(sendPending)
  })
  const stopComments = every(clock, COMMENT_MS, () => !isFull && response.write(':\n\n'))
  response.on('drain', () => {
    isFull = false
    sendPending()
  })
  response.once('close', () => {
    stop()
    stopComments()
  })
  send('model', compactForm(model.statuses(filter)))
}

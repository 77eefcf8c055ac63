import { once } from 'node:events'
import { connect } from 'node:net'
import { messageOf, TransientError } from '../../domain/errors.ts'
import { sendOut } from '../../runtime/outgoing.ts'
import { frameOf } from '../wire/frame.ts'

/** Sends messages somewhere; resolves when one is taken. */
export type Sender = { send(message: Buffer): Promise<void>; close(): Promise<void> }

/** Creates what posts messages to an HTTP receiver, one a request. */
export function createHttpSender(url: string): Sender {
  return {
    async send(message) {
      const response = await sendOut(url, {
        method: 'POST',
        headers: { 'Content-Type': 'application/octet-stream' },
        body: message,
      }).catch((error) => {
        throw new TransientError(`the message was not sent: ${messageOf(error.cause ?? error)}`)
      })
      const text = await response.text()
      if (!response.ok)
        throw new TransientError(`the receiver answered with ${response.status}: ${text.trim()}`)
    },
    async close() {},
  }
}

/** Connects to a TCP receiver. Rejects with TransientError when it is not there. */
export async function openTcpSender(host: string, port: number): Promise<Sender> {
  const socket = connect({ host, port })
  let failure: Error | undefined
  socket.on('error', (error) => {
    failure = error
  })
  await once(socket, 'connect').catch((error) => {
    throw new TransientError(`cannot connect to ${host}:${port}: ${messageOf(error)}`)
  })
  const check = () => {
    if (failure || socket.destroyed)
      throw new TransientError(`the receiver has closed the connection: ${messageOf(failure ?? 'no reason')}`)
  }
  return {
    async send(message) {
      check()
      if (!socket.write(frameOf(message))) await Promise.race([once(socket, 'drain'), once(socket, 'close')])
      check()
    },
    async close() {
      const closed = once(socket, 'close')
      socket.end()
      await closed
    },
  }
}

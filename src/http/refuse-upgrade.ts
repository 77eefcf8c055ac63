import { STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import { answerAndClose } from './answer-and-close.ts'

/** Refuses a request to change the protocol with a status and no body, and closes its connection. */
export function refuseUpgrade(socket: Duplex, status: number): void {
  const head = `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n`
  answerAndClose(socket, `${head}Connection: close\r\nContent-Length: 0\r\n\r\n`)
}

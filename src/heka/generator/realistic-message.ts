import { randomUUID } from 'node:crypto'
import { encodeMessage } from '../wire/encode-message.ts'
import { DOUBLE, INTEGER } from '../wire/message.ts'
import { NO_VALUES, textField } from './text-field.ts'

const HOSTS = Array.from(
  { length: 24 },
  (_, index) => `web-${String(index + 1).padStart(2, '0')}.example.org`,
)
const PATHS = [
  '/',
  '/index.html',
  '/api/v1/orders',
  '/api/v1/orders/42',
  '/static/app.js',
  '/login',
  '/search?q=log',
]
const METHODS = ['GET', 'GET', 'GET', 'GET', 'POST', 'PUT', 'DELETE']
const STATUSES = [200, 200, 200, 200, 200, 200, 301, 304, 404, 500, 503]

/** Returns a line of a web server's log as a message, with the same chances each time; `size` bytes at least. */
export function realisticMessage(nowMs: number, size: number, random: () => number): Buffer {
  const pick = <T>(values: readonly T[]) => values[Math.floor(random() * values.length)] as T
  const [host, method, path, status] = [pick(HOSTS), pick(METHODS), pick(PATHS), pick(STATUSES)]
  const seconds = Math.exp(random() * 6 - 6)
  const bytes = Math.floor(random() * 50_000)
  const line = `10.0.${Math.floor(random() * 256)}.${Math.floor(random() * 256)} "${method} ${path} HTTP/1.1" ${status} ${bytes} ${seconds.toFixed(3)}`
  return encodeMessage({
    uuid: Buffer.from(randomUUID().replaceAll('-', ''), 'hex'),
    timestamp: BigInt(nowMs) * 1_000_000n + BigInt(Math.floor(random() * 1_000_000)),
    type: Buffer.from('nginx.access'),
    logger: Buffer.from('nginx'),
    severity: status >= 500 ? 3 : status >= 400 ? 4 : 6,
    payload: Buffer.from(line.padEnd(size, ' .')),
    envVersion: Buffer.from('0.8'),
    pid: 1000 + Math.floor(random() * 100),
    hostname: Buffer.from(host),
    fields: [
      textField('method', method),
      textField('path', path),
      { ...NO_VALUES, name: Buffer.from('status'), valueType: INTEGER, integers: [BigInt(status)] },
      {
        ...NO_VALUES,
        name: Buffer.from('bytes'),
        valueType: INTEGER,
        representation: Buffer.from('B'),
        integers: [BigInt(bytes)],
      },
      {
        ...NO_VALUES,
        name: Buffer.from('request_time'),
        valueType: DOUBLE,
        representation: Buffer.from('s'),
        doubles: [seconds],
      },
    ],
  })
}

import { type Channel, connect } from 'amqplib'

const [METHOD, HEADER, BODY, END] = [1, 2, 3, 0xce]
const BASIC = 60
const PUBLISH = 40
const [HAS_HEADERS, HAS_DELIVERY_MODE] = [0x2000, 0x1000]

/** Encodes a header with arbitrary bytes as value, which no client library would write. */
export function rawHeader(name: string, value: Buffer): Buffer {
  return Buffer.concat([Buffer.from([name.length]), Buffer.from(name), value])
}

/** Encodes an integer above 2^31 as py-amqp and kombu do. */
export function longOfKombu(value: bigint): Buffer {
  const bytes = Buffer.alloc(9, 'L')
  bytes.writeBigInt64BE(value, 1)
  return bytes
}

/** Encodes nested tables (F) or arrays (A). */
export function nested(tag: 'F' | 'A', depth: number): Buffer {
  const pieces = [Buffer.from('t\x01')]
  let length = 2
  for (let n = 0; n < depth; n++) {
    const key = tag === 'F' ? Buffer.from('\x01a') : Buffer.alloc(0)
    const start = Buffer.alloc(5, tag)
    start.writeUInt32BE(length + key.length, 1)
    pieces.push(Buffer.concat([start, key]))
    length += start.length + key.length
  }
  return Buffer.concat(pieces.reverse())
}

export type RawMessage = { readonly body: Buffer | string; readonly headers?: Buffer | undefined }

/** Publishes messages with header tables of the given bytes to an existing queue. */
export async function publishRaw(url: string, queue: string, messages: readonly RawMessage[]): Promise<void> {
  const model = await connect(url, { heartbeat: 0 } as never)
  model.on('error', () => {})
  const channel = await model.createChannel()
  for (const message of messages) send(channel, queue, message)
  // The response arrives after the broker has taken all messages.
  await channel.checkQueue(queue)
  await model.close()
}

function send(channel: Channel, queue: string, { body, headers }: RawMessage): void {
  const { connection, ch } = channel as unknown as {
    connection: { channels: { buffer: { write(bytes: Buffer): void } }[] }
    ch: number
  }
  const write = (type: number, payload: Buffer) =>
    connection.channels[ch]?.buffer.write(rawFrame(type, ch, payload))
  const key = Buffer.from(queue)
  const publish = Buffer.from([0, BASIC, 0, PUBLISH, 0, 0, 0, key.length, ...key, 0])
  write(METHOD, publish)
  const bytes = Buffer.from(body as string)
  connection.channels[ch]?.buffer.write(rawContentHeader(ch, bytes.length, headers ?? Buffer.alloc(0)))
  for (let at = 0; at < bytes.length; at += 100_000) write(BODY, bytes.subarray(at, at + 100_000))
}

/** Encodes the content header frame of a persistent message, with a header table of arbitrary bytes. */
export function rawContentHeader(channel: number, size: number, table: Buffer): Buffer {
  const header = Buffer.alloc(18)
  header.writeUInt16BE(BASIC)
  header.writeBigUInt64BE(BigInt(size), 4)
  header.writeUInt16BE(HAS_HEADERS | HAS_DELIVERY_MODE, 12)
  header.writeUInt32BE(table.length, 14)
  return rawFrame(HEADER, channel, Buffer.concat([header, table, Buffer.from([2])]))
}

function rawFrame(type: number, channel: number, payload: Buffer): Buffer {
  const start = Buffer.alloc(7)
  start.writeUInt8(type)
  start.writeUInt16BE(channel, 1)
  start.writeUInt32BE(payload.length, 3)
  return Buffer.concat([start, payload, Buffer.from([END])])
}

// A worker that sends frames to a port as fast as they are taken.
import { once } from 'node:events'
import { connect } from 'node:net'
import { workerData } from 'node:worker_threads'
import { realisticMessage } from '../../src/heka/generator/realistic-message.ts'
import { frameOf } from '../../src/heka/wire/frame.ts'
import { seeded } from '../support/heka/wire-fuzz.ts'

const { port, count, size } = workerData as { port: number; count: number; size: number }
const TOGETHER = 20
const random = seeded(1)
const frames = Array.from({ length: 1000 }, () => frameOf(realisticMessage(1_481_200_000_000, size, random)))
const pieces = Array.from({ length: frames.length / TOGETHER }, (_, index) =>
  Buffer.concat(frames.slice(index * TOGETHER, (index + 1) * TOGETHER)),
)
const socket = connect(port, '127.0.0.1')
await once(socket, 'connect')
for (let sent = 0; sent < count; sent += TOGETHER)
  if (!socket.write(pieces[(sent / TOGETHER) % pieces.length] as Buffer)) await once(socket, 'drain')
socket.end()

// One end of the floor: `send FILE PORT` copies a file into a socket, `take FILE` a socket into a file. Both wait for a line of
// standard input before they begin, and print where they listen.

import { createReadStream, createWriteStream } from 'node:fs'
import { connect, createServer } from 'node:net'
import { pipeline } from 'node:stream/promises'

const HIGH_WATER = 256 * 1024
const [role, file = '', port] = process.argv.slice(2)

if (role === 'take') {
  const server = createServer(async (socket) => {
    await pipeline(socket, createWriteStream(file, { highWaterMark: HIGH_WATER }))
  })
  server.listen(0, '127.0.0.1', () => {
    const address = server.address()
    console.log(typeof address === 'object' && address?.port)
  })
} else {
  console.log('ready')
  process.stdin.once('data', async () => {
    await pipeline(createReadStream(file, { highWaterMark: HIGH_WATER }), connect(Number(port), '127.0.0.1'))
  })
}

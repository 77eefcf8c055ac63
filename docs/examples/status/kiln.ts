import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createStatus, type Parent } from 'stacktach/status'

/** Runs a kiln that says what it is doing: to its parent, and to whoever asks it. Returns how to use and end it. */
export async function runKiln(parent: Parent) {
  const status = createStatus({ parent })
  const server = createServer(status.handler)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  await status.start()
  status.report('kiln.state', 'cold')

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    heat(celsius: number): void {
      status.report('kiln.state', 'heating')
      // Nobody believes a temperature for longer than a minute.
      status.report('kiln.celsius', celsius, { ttl_s: 60 })
    },
    async stop(): Promise<void> {
      status.report('kiln.state', 'off')
      await status.stop()
      server.closeAllConnections()
      server.close()
    },
  }
}

const [url, name] = process.argv.slice(2)
if (import.meta.main && url && name) {
  const kiln = await runKiln({ url, name })
  kiln.heat(840)
  console.log(`kiln at ${kiln.url}`)
  process.once('SIGINT', () => void kiln.stop())
}

import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, test } from 'vitest'
import { openConnection } from '../../../../src/broker/amqp/open-connection.ts'
import { parseBrokerAddress } from '../../../../src/text/broker-address.ts'

test('a server that speaks another protocol is named as such', async () => {
  const server = createServer((_, response) => response.end('x'))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const parsed = parseBrokerAddress(`amqp://guest:guest@127.0.0.1:${port}/`)
  if ('fault' in parsed) throw new Error(parsed.fault)
  const [address] = parsed.addresses
  if (!address) throw new Error('there is no address')
  await expect(openConnection(address, undefined)).rejects.toThrow(
    `the broker at 127.0.0.1:${port} speaks another protocol than AMQP: look at host and port`,
  )
  server.closeAllConnections()
  server.close()
})

import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { urlOf } from './addresses.ts'

/**
 * Starts a server that responds as a Neutron without networks: every list is empty. Nova calls Neutron even
 * for servers without a network.
 */
export async function startNetworkStandIn(port: number): Promise<Server> {
  const server = createServer((request, response) => {
    request.resume()
    const [path = ''] = (request.url ?? '').split('?')
    const name = path
      .split('/')
      .filter(Boolean)
      .at(-1)
      ?.replace(/\.json$/, '')
    const body = name === undefined || name === 'v2.0' ? versions(port) : { [name]: [] }
    response.setHeader('content-type', 'application/json').end(JSON.stringify(body))
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  return server
}

function versions(port: number) {
  const href = urlOf(port, '/v2.0')
  return { versions: [{ id: 'v2.0', status: 'CURRENT', links: [{ rel: 'self', href }] }] }
}

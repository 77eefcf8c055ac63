import type { ShipProxyConfig } from '../../config/schemas/ship-proxy-schema.ts'
import type { Logger } from '../../runtime/logger.ts'
import { readTokenLines } from '../../runtime/read-token-lines.ts'
import type { BackendSettings } from '../../ship/proxy/backend.ts'
import { ShipProxy } from '../../ship/proxy/ship-proxy.ts'

/** Builds the proxy of a configuration. Rejects as readTokenLines does. */
export async function openProxy(config: ShipProxyConfig, logger: Logger): Promise<ShipProxy> {
  const { backend, backends, token_file: file } = config
  return new ShipProxy(
    {
      listen: { host: config.bind_ip, port: config.bind_port },
      backends: [...(backend === undefined ? [] : [backend]), ...backends].map(backendOf),
      tokens: file === undefined ? [] : await readTokenLines(file, 'token_file'),
      limits: {
        connectMs: config.connect_timeout * 1000,
        totalMs: config.connect_timeout_total * 1000,
        idleMs: config.idle_timeout * 1000,
        mostConnections: config.max_connections,
      },
    },
    logger,
  )
}

function backendOf(given: ShipProxyConfig['backends'][number]): BackendSettings {
  const { url, addresses } = typeof given === 'string' ? { url: given, addresses: undefined } : given
  const { hostname, port, protocol } = new URL(url)
  return {
    host: hostname.toLowerCase().replace(/^\[|\]$/g, ''),
    port: port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port),
    addresses,
  }
}

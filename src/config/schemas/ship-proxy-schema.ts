import { z } from 'zod'
import { httpUrl, ipAddress, logLevel, port } from './common-shapes.ts'

const seconds = z.number().positive()

/** A target of the proxy. */
const backend = z.union(
  [
    httpUrl,
    z.strictObject({
      url: httpUrl.describe('address of the store; what stands behind the port does not count'),
      addresses: z
        .array(ipAddress)
        .min(1)
        .optional()
        .describe('addresses to connect to, in turn; those of the name service unless given'),
    }),
  ],
  { error: 'expected the address of a store, such as https://store.example.org' },
)

/** The shape of the configuration of `stv3 ship-proxy`: the keys of hermes' proxy.json, then those that were added. */
export const shipProxySchema = z
  .strictObject({
    bind_ip: ipAddress.describe('address to listen on'),
    bind_port: port.describe('port to listen on'),
    backend: httpUrl
      .optional()
      .describe('the store that clients may reach: its host, and its port, 443 or 80 unless given'),
    backends: z.array(backend).default([]).describe('further stores'),
    log_level: logLevel.optional().describe('how much to log; info unless given'),
    token_file: z
      .string()
      .startsWith('/', 'expected an absolute path')
      .optional()
      .describe(
        'file with tokens, one a line, of which a client must send one in Proxy-Authorization; readable by its owner only',
      ),
    connect_timeout: seconds.default(5).describe('seconds to wait for one address'),
    connect_timeout_total: seconds.default(15).describe('seconds to wait for all of them, each tried once'),
    idle_timeout: seconds
      .default(45)
      .describe('seconds after which a tunnel is cut through which nothing passes'),
    max_connections: z.int().positive().default(10_000).describe('most clients at a time'),
  })
  .refine(({ backend, backends }) => backend !== undefined || backends.length > 0, {
    error: 'expected backend, or backends',
    path: ['backend'],
  })

export type ShipProxyConfig = z.infer<typeof shipProxySchema>

import { z } from 'zod'
import { DEFAULT_LIMITS } from '../../runtime/client-limits.ts'
import { LISTEN_ADDRESS } from '../../runtime/listen-address.ts'

const tokens = z.union([z.string(), z.array(z.string())], { error: 'expected a token or a list of tokens' })

/** Another server of ours that the API asks. */
const otherServer = (example: string) =>
  z.strictObject({
    url: z.url({ protocol: /^https?$/ }).describe(`its address, such as ${example}`),
    token_file: z.string().optional().describe('a file of mode 600 with a token that may read there'),
  })

/** The shape of `api` in winchester.yaml: where and how the REST API is served. */
export const apiSchema = z.strictObject({
  listen: z
    .string()
    .regex(LISTEN_ADDRESS, { error: 'expected HOST:PORT, such as 127.0.0.1:8000' })
    .default('127.0.0.1:8000')
    .describe('HOST:PORT; elsewhere than on this machine only with tokens'),
  insecure: z.boolean().default(false).describe('serve everybody everywhere without a token'),
  tokens: z
    .strictObject({
      read: tokens.describe(
        'bearer tokens that may read, from the environment: `${NAME}`; each may have a name before it: `anna ${NAME}`',
      ),
      write: tokens.describe('bearer tokens that may read, repair and delete'),
      read_file: z.string().describe('a file of mode 600 with tokens that may read, one a line'),
      write_file: z.string().describe('a file of mode 600 with tokens that may read, repair and delete'),
    })
    .partial()
    .optional()
    .describe('who may ask; without any only this machine is served'),
  limits: z
    .strictObject({
      query_timeout_s: z
        .number()
        .positive()
        .max(3600)
        .default(DEFAULT_LIMITS.queryTimeoutMs / 1000)
        .describe('longest time that an answer may take, s'),
      requests_per_minute: z
        .int()
        .positive()
        .default(DEFAULT_LIMITS.requestsPerMinute)
        .describe('requests of one address in a minute'),
    })
    .prefault({})
    .describe('what one client may take'),
  ship_server: otherServer('https://ship.example.org:9999')
    .optional()
    .describe('the `stv3 ship-server` that `GET /v1/ship` asks'),
  heka_stats: otherServer('http://heka.example.org:9010')
    .optional()
    .describe('the `stv3 heka-stats` that `GET /v1/heka` asks; with it the page has a view of Heka'),
})

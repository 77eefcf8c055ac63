import { z } from 'zod'
import { LISTEN_ADDRESS } from '../../runtime/listen-address.ts'

const tokens = z.union([z.string(), z.array(z.string())], { error: 'expected a token or a list of tokens' })

/** The member `api` of winchester.yaml: where and how the REST API is served. */
export const apiSchema = z
  .strictObject({
    listen: z
      .string()
      .regex(LISTEN_ADDRESS, { error: 'expected HOST:PORT, such as 127.0.0.1:8000' })
      .describe('HOST:PORT, by default 127.0.0.1:8000; elsewhere than on this machine only with tokens'),
    insecure: z.boolean().describe('serve everybody everywhere without a token'),
    tokens: z
      .strictObject({
        read: tokens.describe('bearer tokens that may read, from the environment: ${NAME}'),
        write: tokens.describe('bearer tokens that may read, reset and delete'),
        read_file: z.string().describe('a file of mode 600 with such tokens, one a line'),
        write_file: z.string().describe('a file of mode 600 with such tokens, one a line'),
      })
      .partial(),
    limits: z
      .strictObject({
        query_timeout_s: z
          .number()
          .positive()
          .max(3600)
          .describe('longest time that an answer may take (30)'),
        requests_per_minute: z.int().positive().describe('of one address (6000)'),
      })
      .partial(),
  })
  .partial()

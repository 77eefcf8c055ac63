import { z } from 'zod'

/** The body of every error: a problem of RFC 9457. */
export const problem = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string().meta({ description: 'one sentence for people' }),
    parameter: z.string().optional().meta({ description: 'the one that cannot be used' }),
    value: z.string().optional(),
    allowed: z.string().optional(),
    request_id: z.string().optional().meta({ description: 'as in the log of the server' }),
  })
  .meta({ id: 'Problem', description: 'RFC 9457' })

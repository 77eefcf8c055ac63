import { z } from 'zod'

/** The body of every error: an HTTP problem, RFC 9457. */
export const httpProblem = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string().meta({ description: 'one sentence for people' }),
    parameter: z.string().optional().meta({ description: 'name of the parameter that cannot be used' }),
    value: z.string().optional(),
    allowed: z.string().optional(),
    request_id: z.string().optional().meta({ description: 'as in the log of the server' }),
  })
  .meta({ id: 'Problem', description: 'RFC 9457' })

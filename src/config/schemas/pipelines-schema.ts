import { z } from 'zod'

const step = z.union(
  [
    z.string(),
    z.strictObject({
      name: z.string(),
      params: z.record(z.string(), z.unknown()).nullish(),
    }),
  ],
  { error: 'expected the name of a handler, or name and params' },
)

/** Shape of pipelines.yaml. */
export const pipelinesSchema = z.record(z.string(), z.array(step).describe('handlers in order'))

export type PipelinesConfig = z.infer<typeof pipelinesSchema>

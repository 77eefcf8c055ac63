import { z } from 'zod'

/** The shape of a step that has parameters. */
export const stepSchema = z.strictObject({
  name: z.string().describe('name of the handler'),
  params: z.record(z.string(), z.unknown()).nullish().describe('its parameters: see docs/handlers.md'),
})

const step = z.union([z.string(), stepSchema], {
  error: 'expected the name of a handler, or name and params',
})

/** The shape of pipelines.yaml. */
export const pipelinesSchema = z.record(z.string(), z.array(step).describe('handlers in order'))

export type PipelinesConfig = z.infer<typeof pipelinesSchema>

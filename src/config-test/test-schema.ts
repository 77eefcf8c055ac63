import { z } from 'zod'
import { YamlScalar } from '../config/documents/yaml-scalar.ts'
import { eventDefinitionsSchema } from '../config/schemas/event-definitions-schema.ts'
import { pipelinesSchema } from '../config/schemas/pipelines-schema.ts'
import { triggersSchema } from '../config/schemas/triggers-schema.ts'
import type { ErrorState } from '../domain/stream.ts'
import { type Micros, parseIso } from '../domain/time.ts'

/** An ISO 8601 time, quoted or not, in microseconds. */
const time = z.unknown().transform((value, context) => {
  const text = value instanceof YamlScalar ? value.text : value
  const parsed = typeof text === 'string' ? parseIso(text) : undefined
  if (parsed !== undefined) return parsed
  context.addIssue({ code: 'custom', message: 'expected an ISO 8601 time' })
  return z.NEVER
})

const fields = z.record(z.string(), z.unknown())

const ACTIONS = ['event', 'notification', 'run', 'reset'] as const

const step = z
  .strictObject({
    now: time,
    event: fields.optional(),
    notification: fields.optional(),
    run: z.enum(['fire', 'expire']).optional(),
    batch: z.int().positive().optional(),
    reset: z.enum(['error', 'expire_error']).optional(),
  })
  .refine((given) => ACTIONS.filter((action) => given[action] !== undefined).length === 1, {
    error: `expected one of ${ACTIONS.join(', ')}`,
  })
  .transform((given) => given as Step)

type Step = { readonly now: Micros } & (
  | { readonly event: Fields }
  | { readonly notification: Fields }
  | { readonly run: 'fire' | 'expire'; readonly batch?: number }
  | { readonly reset: ErrorState }
)

type Fields = z.infer<typeof fields>

export type TestStep = z.infer<typeof step>

const expectation = z.strictObject({
  streams: z.array(fields).optional(),
  events: z.array(fields).optional(),
})

export type Expectation = z.infer<typeof expectation>

/** The parts of a configuration that a file, or a single test in it, may hold. */
export const partSchemas = {
  config: z.string(),
  triggers: triggersSchema,
  pipelines: pipelinesSchema,
  event_definitions: eventDefinitionsSchema,
  pipeline_handlers: z.record(z.string(), z.string()),
  purge_completed_streams: z.boolean(),
  pipeline_retries: z.int().min(0),
  catch_all_notifications: z.boolean(),
  clock: z.enum(['auto', 'wall']),
} as const

export type PartName = keyof typeof partSchemas

/** Accepts any part. A faulty part is an error of the tests that use it, not of the whole file. */
const anyParts = Object.fromEntries(
  Object.keys(partSchemas).map((name) => [name, z.unknown().optional()]),
) as { readonly [name in PartName]: z.ZodOptional<z.ZodUnknown> }

const one = z.strictObject({ name: z.string(), steps: z.array(step), expect: expectation.optional() })

export type TestCase = z.infer<typeof one>

/** Shape of a test file. The parts of configuration in it are checked by partSchemas. */
export const testFileSchema = z.strictObject({ tests: z.array(one.extend(anyParts)) }).extend(anyParts)

const eachPart = z.strictObject(partSchemas).partial().shape

/** Shape of a whole test file, for editors. */
export const wholeTestFileSchema = z.strictObject({ tests: z.array(one.extend(eachPart)) }).extend(eachPart)

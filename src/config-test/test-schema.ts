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
    now: time.describe('what time it is, ISO 8601'),
    event: fields.optional().describe('an event that arrives'),
    notification: fields.optional().describe('a notification that arrives, through the definitions'),
    run: z.enum(['fire', 'expire']).optional().describe('one pass of the worker over streams that are due'),
    batch: z.int().positive().optional().describe('most streams of that pass; 1000 unless given'),
    reset: z.enum(['error', 'expire_error']).optional().describe('runs all streams in this state again'),
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
  streams: z.array(fields).optional().describe('all streams, in order of id; the fields given are compared'),
  events: z.array(fields).optional().describe('events that pipelines made'),
})

export type Expectation = z.infer<typeof expectation>

/** The parts of a configuration that a file, or a single test in it, may hold. */
export const partSchemas = {
  config: z.string().describe('a configuration whose parts are used where the file has none, relative to it'),
  triggers: triggersSchema,
  pipelines: pipelinesSchema,
  event_definitions: eventDefinitionsSchema,
  pipeline_handlers: z.record(z.string(), z.string()).describe('name: module and class of an own handler'),
  purge_completed_streams: z.boolean().describe('remove streams whose pipeline is done; not unless given'),
  pipeline_retries: z.int().min(0).describe('how often a failed pipeline is tried again; 0 unless given'),
  catch_all_notifications: z.boolean().describe('make events of notifications that no definition matches'),
  clock: z.enum(['auto', 'wall']).describe('as in winchester.yaml'),
} as const

export type PartName = keyof typeof partSchemas

/** Accepts any part. A faulty part is an error of the tests that use it, not of the whole file. */
const anyParts = Object.fromEntries(
  Object.keys(partSchemas).map((name) => [name, z.unknown().optional()]),
) as { readonly [name in PartName]: z.ZodOptional<z.ZodUnknown> }

const one = z.strictObject({
  name: z.string().describe('name of the test'),
  steps: z.array(step).describe('what happens, in order'),
  expect: expectation.optional().describe('what it must lead to'),
})

export type TestCase = z.infer<typeof one>

/** Shape of a test file. The parts of configuration in it are checked by partSchemas. */
export const testFileSchema = z
  .strictObject({ tests: z.array(one.extend(anyParts)).min(1, 'expected at least one test') })
  .extend(anyParts)

const eachPart = z.strictObject(partSchemas).partial().shape

/** Shape of a whole test file, for editors. */
export const wholeTestFileSchema = z.strictObject({ tests: z.array(one.extend(eachPart)) }).extend(eachPart)

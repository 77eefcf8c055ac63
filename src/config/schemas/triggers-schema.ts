import { z } from 'zod'
import type { TriggerConfig } from '../../streams/trigger-config.ts'
import { eventTypePatterns } from './event-definitions-schema.ts'

const numberComparison = z.union([z.string(), z.number()], {
  error: 'expected a number or a comparison such as "> 4096"',
})

const constant = z.union([z.string(), z.number(), z.boolean()], {
  error: 'expected a text, a number or true or false',
})

const traitCriterion = z.union(
  [
    constant,
    z.strictObject({ int: numberComparison }),
    z.strictObject({ float: numberComparison }),
    z.strictObject({ string: constant }),
    z.strictObject({ text: constant }),
    z.strictObject({ datetime: z.string() }),
  ],
  { error: 'expected a constant or one of int, float, string, text, datetime with a comparison' },
)

const criterion = z.strictObject({
  event_type: eventTypePatterns.optional(),
  number: z.int().min(0).optional().describe('how many events must meet it (fire_criteria); 1 unless told'),
  timestamp: z.string().optional().describe("time expression that holds the event's timestamp"),
  traits: z.record(z.string(), traitCriterion).optional().describe('what traits must be; all of them'),
  map_distinguished_by: z
    .record(z.string(), z.string())
    .optional()
    .describe('distinguishing trait: the trait to read in its place'),
  map_distingushed_by: z.record(z.string(), z.string()).optional().describe('the old spelling'),
})

const distinguisher = z.union(
  [
    z.string(),
    z
      .record(z.string(), z.string())
      .refine((entry) => Object.keys(entry).length === 1, {
        error: 'expected one trait with its time expression',
      })
      .meta({ minProperties: 1, maxProperties: 1 }),
  ],
  { error: 'expected the name of a trait, or one trait with a time expression' },
)

const trigger = z
  .strictObject({
    name: z.string().min(1).max(255).describe('name of the trigger and of its streams'),
    distinguished_by: z
      .array(distinguisher)
      .optional()
      .describe('traits, or trait: time expression; equal values share a stream'),
    match_criteria: z.array(criterion).describe('an event that meets any one of them joins'),
    fire_criteria: z.array(criterion).describe('the stream is complete when all are met'),
    load_criteria: z.unknown().optional().describe('accepted and ignored'),
    fire_delay: z.number().min(0).optional().describe('seconds between complete and fire; 0 unless told'),
    expiration: z.string().describe('time expression over $first and $last, such as $last + 2d'),
    fire_pipeline: z.string().nullish().describe('pipeline of streams that fire'),
    expire_pipeline: z.string().nullish().describe('pipeline of streams that expire'),
    debug_level: z
      .int()
      .min(0)
      .max(2)
      .optional()
      .describe('1 logs each event that joins, 2 also the others with the reason'),
  })
  .refine((value) => Boolean(value.fire_pipeline || value.expire_pipeline), {
    error: 'needs a fire_pipeline, an expire_pipeline or both',
  })
  .meta({ anyOf: [{ required: ['fire_pipeline'] }, { required: ['expire_pipeline'] }] })

/** Shape of triggers.yaml. */
export const triggersSchema: z.ZodType<TriggerConfig[]> = z.array(trigger)

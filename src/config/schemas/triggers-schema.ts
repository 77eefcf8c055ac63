import { z } from 'zod'
import type { TriggerConfig } from '../../streams/trigger-config.ts'
import { eventTypePatterns } from './event-definitions-schema.ts'

const numberComparison = z.union([z.string(), z.number()], {
  error: 'expected a number or a comparison such as "> 4096"',
})

const traitCriterion = z.union(
  [
    z.string(),
    z.number(),
    z.boolean(),
    z.strictObject({ int: numberComparison }),
    z.strictObject({ float: numberComparison }),
    z.strictObject({ string: z.string() }),
    z.strictObject({ text: z.string() }),
    z.strictObject({ datetime: z.string() }),
  ],
  { error: 'expected a constant or one of int, float, string, text, datetime with a comparison' },
)

const criterion = z.strictObject({
  event_type: eventTypePatterns.optional(),
  number: z.int().min(1).optional(),
  timestamp: z.string().optional(),
  traits: z.record(z.string(), traitCriterion).optional(),
  map_distinguished_by: z.record(z.string(), z.string()).optional(),
  map_distingushed_by: z.record(z.string(), z.string()).optional().describe('the old spelling'),
})

const distinguisher = z.union(
  [z.string(), z.record(z.string(), z.string()).refine((entry) => Object.keys(entry).length === 1)],
  { error: 'expected the name of a trait, or one trait with a time expression' },
)

const trigger = z
  .strictObject({
    name: z.string().min(1).max(255),
    distinguished_by: z.array(distinguisher),
    match_criteria: z.array(criterion),
    fire_criteria: z.array(criterion),
    load_criteria: z.unknown().optional(),
    fire_delay: z.number().min(0).optional(),
    expiration: z.string(),
    fire_pipeline: z.string().optional(),
    expire_pipeline: z.string().optional(),
    debug_level: z.int().min(0).max(2).optional(),
  })
  .refine((value) => value.fire_pipeline !== undefined || value.expire_pipeline !== undefined, {
    error: 'needs a fire_pipeline, an expire_pipeline or both',
  })

/** Shape of triggers.yaml. */
export const triggersSchema: z.ZodType<TriggerConfig[]> = z.array(trigger)

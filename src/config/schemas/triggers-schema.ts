import { z } from 'zod'
import { TRIGGER_DEFAULTS, type TriggerConfig } from '../../streams/trigger-config.ts'
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

/** The shape of one entry of match_criteria and fire_criteria. */
export const criterionSchema = z.strictObject({
  event_type: eventTypePatterns
    .optional()
    .meta({ description: 'a glob or several; `!glob` excludes', default: TRIGGER_DEFAULTS.event_type }),
  number: z.int().min(0).optional().meta({
    description: 'how many events must meet it, in fire_criteria',
    default: TRIGGER_DEFAULTS.number,
  }),
  timestamp: z.string().optional().describe("time expression that must hold the event's timestamp"),
  traits: z
    .record(z.string(), traitCriterion)
    .optional()
    .describe(
      'name: what the trait must be, all of them: a constant, `int: "> 4096"`, `float: "< 0.5"`, `string: x`, `text: x` or `datetime:` a time expression',
    ),
  map_distinguished_by: z
    .record(z.string(), z.string())
    .optional()
    .describe('distinguishing trait: the trait of the event to read in its place'),
  map_distingushed_by: z
    .record(z.string(), z.string())
    .optional()
    .meta({ description: 'the old spelling of map_distinguished_by' }),
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

/** The shape of one trigger. */
export const triggerSchema = z
  .strictObject({
    name: z.string().min(1).max(255).describe('name of the trigger and of its streams'),
    distinguished_by: z
      .array(distinguisher)
      .optional()
      .describe('traits, or `trait: time expression`; events with equal values share a stream'),
    match_criteria: z.array(criterionSchema).describe('an event that meets any one of them joins'),
    fire_criteria: z.array(criterionSchema).describe('the stream is complete when all are met'),
    load_criteria: z
      .unknown()
      .optional()
      .meta({ description: 'a pipeline gets all events of its stream', deprecated: true }),
    fire_delay: z.number().min(0).optional().meta({
      description: 'seconds between complete and fire',
      default: TRIGGER_DEFAULTS.fire_delay,
    }),
    expiration: z.string().describe('time expression over $first and $last, such as `$last + 2d`'),
    fire_pipeline: z.string().nullish().describe('pipeline of streams that fire'),
    expire_pipeline: z.string().nullish().describe('pipeline of streams that expire'),
    debug_level: z.int().min(0).max(2).optional().meta({
      description:
        '1 logs the stream that each event joins, 2 also what the stream lacks, and why other events do not match',
      default: TRIGGER_DEFAULTS.debug_level,
    }),
  })
  .refine((value) => Boolean(value.fire_pipeline || value.expire_pipeline), {
    error: 'needs a fire_pipeline, an expire_pipeline or both',
  })
  .meta({ anyOf: [{ required: ['fire_pipeline'] }, { required: ['expire_pipeline'] }] })

/** The shape of triggers.yaml. */
export const triggersSchema: z.ZodType<TriggerConfig[]> = z.array(triggerSchema)

import { z } from 'zod'
import { DEFAULT_TYPE, type EventDefinitionConfig } from '../../distiller/definition-config.ts'

const TEXTS = z.union([z.string(), z.array(z.string()).nonempty()], {
  error: 'expected a text or a list of texts',
})

export const eventTypePatterns = TEXTS.describe('a glob or several; `!glob` excludes')

const plugin = z.union(
  [
    z.string(),
    z.strictObject({
      name: z.string().describe('name of the plugin'),
      parameters: z.record(z.string(), z.unknown()).nullish().describe('its parameters'),
    }),
  ],
  { error: 'expected the name of a plugin, or name and parameters' },
)

/** The shape of one trait of a definition. */
export const traitDefinitionSchema = z.strictObject({
  fields: TEXTS.describe('field path, or paths in order of preference'),
  type: z
    .enum(['text', 'int', 'float', 'datetime'])
    .optional()
    .meta({ description: 'what the value is converted to', default: DEFAULT_TYPE }),
  plugin: plugin
    .optional()
    .describe('name of a plugin, or `name` and `parameters`: makes the value of the fields that were found'),
})

/** The shape of one definition. */
export const eventDefinitionSchema: z.ZodType<EventDefinitionConfig> = z.strictObject({
  event_type: eventTypePatterns,
  traits: z.record(z.string(), traitDefinitionSchema).describe('name: where the trait comes from'),
})

/** The shape of a list of definitions. */
export const eventDefinitionsSchema: z.ZodType<EventDefinitionConfig[]> = z.array(eventDefinitionSchema)

/** The shape of an entry that includes the definitions of other files. */
export const includeSchema = z.strictObject({
  include: z.string().describe('another file of definitions, or a folder of them, relative to this file'),
})

/**
 * The shape of event_definitions.yaml, for editors. The loader checks each entry by one of the two schemas.
 */
export const definitionFileSchema = z.array(z.union([eventDefinitionSchema, includeSchema]))

import { z } from 'zod'
import type { EventDefinitionConfig } from '../../distiller/definition-config.ts'

const TEXTS = z.union([z.string(), z.array(z.string()).nonempty()], {
  error: 'expected a text or a list of texts',
})

export const eventTypePatterns = TEXTS.describe('a glob or several; !glob excludes')

const plugin = z.union(
  [z.string(), z.strictObject({ name: z.string(), parameters: z.record(z.string(), z.unknown()).nullish() })],
  { error: 'expected the name of a plugin, or name and parameters' },
)

const traitDefinition = z.strictObject({
  fields: TEXTS.describe('field path, or paths in order of preference'),
  type: z.enum(['text', 'int', 'float', 'datetime']).optional().describe('text unless told'),
  plugin: plugin.optional().describe('makes the value of the fields that were found'),
})

/** Shape of event_definitions.yaml. */
export const eventDefinitionsSchema: z.ZodType<EventDefinitionConfig[]> = z.array(
  z.strictObject({
    event_type: eventTypePatterns,
    traits: z.record(z.string(), traitDefinition).describe('name: where the trait comes from'),
  }),
)

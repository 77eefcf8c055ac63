import { z } from 'zod'
import { eventDefinitionsSchema } from './schemas/event-definitions-schema.ts'
import { pipelinesSchema } from './schemas/pipelines-schema.ts'
import { triggersSchema } from './schemas/triggers-schema.ts'
import { winchesterSchema } from './schemas/winchester-schema.ts'

const SHAPES = {
  event_definitions: eventDefinitionsSchema,
  pipelines: pipelinesSchema,
  triggers: triggersSchema,
  winchester: winchesterSchema,
} as const

export type SchemaName = keyof typeof SHAPES

/** Names of the files that have a schema, without `.yaml`. */
export const SCHEMA_NAMES = Object.keys(SHAPES) as SchemaName[]

/** The shape of a file as `stv3 check` asks for it, as JSON Schema (draft 2020-12) for editors. */
export function jsonSchemaOf(name: SchemaName): object {
  return { title: `${name}.yaml`, ...z.toJSONSchema(SHAPES[name], { io: 'input', unrepresentable: 'any' }) }
}

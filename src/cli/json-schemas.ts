import { z } from 'zod'
import { definitionFileSchema } from '../config/schemas/event-definitions-schema.ts'
import { pipelinesSchema } from '../config/schemas/pipelines-schema.ts'
import { triggersSchema } from '../config/schemas/triggers-schema.ts'
import { winchesterSchema } from '../config/schemas/winchester-schema.ts'
import { wholeTestFileSchema } from '../config-test/test-schema.ts'

const SHAPES = {
  event_definitions: definitionFileSchema,
  pipelines: pipelinesSchema,
  triggers: triggersSchema,
  winchester: winchesterSchema,
  tests: wholeTestFileSchema,
} as const

export type SchemaName = keyof typeof SHAPES

/** Names of the files that have a schema, without `.yaml`; `tests` stands for the files of config/tests. */
export const SCHEMA_NAMES = Object.keys(SHAPES) as SchemaName[]

/** Returns the JSON Schema (draft 2020-12) of a file, as `stv3 check` requires it, for use in editors. */
export function jsonSchemaOf(name: SchemaName): object {
  return { title: name, ...z.toJSONSchema(SHAPES[name], { io: 'input', unrepresentable: 'any' }) }
}

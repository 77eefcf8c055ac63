import { HANDLERS } from '../../src/pipeline/handlers/handler-registry.ts'
import { paragraphs } from './markdown.ts'
import { propertiesTable, type Schema } from './schema-table.ts'

/** Writes each handler that is built in, with its parameters. */
export function handlerReference(): string {
  const sections = Object.entries(HANDLERS.entries).map(([name, { description = '', schema }]) =>
    paragraphs(
      `### ${name}`,
      description,
      schema ? propertiesTable(schema as Schema, { head: 'parameter' }) : '',
    ),
  )
  return paragraphs(...sections)
}

import { compileDefinitions, type EventDefinition } from '../distiller/definition.ts'
import { ConfigError } from '../domain/errors.ts'
import { checkShape } from './check-shape.ts'
import type { Environment } from './interpolate.ts'
import { interpolateDocument } from './interpolate-document.ts'
import { isFatal, Problems } from './problems.ts'
import { readConfigText } from './read-config-text.ts'
import { eventDefinitionsSchema } from './schemas/event-definitions-schema.ts'
import { parseYamlDocument } from './yaml-document.ts'

/** Loads an event_definitions.yaml on its own. Throws ConfigError with all its problems. */
export async function loadDefinitions(file: string, environment: Environment): Promise<EventDefinition[]> {
  const document = parseYamlDocument(await readConfigText(file), file)
  const problems = new Problems()
  const value = checkShape(
    document,
    interpolateDocument(document, environment, problems),
    eventDefinitionsSchema,
    problems,
  )
  const definitions = compileDefinitions(value ?? [], problems.reporter(document))
  const faults = problems.list.filter(isFatal)
  if (faults.length > 0) throw new ConfigError(`the event definitions ${file} cannot be used`, faults)
  return definitions
}

import { compileDefinitions, type EventDefinition } from '../../distiller/definition.ts'
import { ConfigError } from '../../domain/errors.ts'
import { Findings, isFatal } from '../checks/findings.ts'
import type { Environment } from '../documents/interpolate.ts'
import { readDefinitionFiles } from './definition-files.ts'

/**
 * Loads event definitions alone, from a file, a folder, or several of them in order. Rejects with a
 * ConfigError that has all their findings.
 */
export async function loadDefinitions(
  paths: string | readonly string[],
  environment: Environment,
): Promise<EventDefinition[]> {
  const findings = new Findings()
  const list = typeof paths === 'string' ? [paths] : paths
  const files = await readDefinitionFiles(list, environment, findings)
  const definitions = compileDefinitions(files.configs, files.report)
  const faults = findings.list.filter(isFatal)
  if (faults.length > 0) {
    throw new ConfigError(`the event definitions ${list.join(', ')} cannot be used`, faults)
  }
  return definitions
}

import type { Findings } from '../checks/findings.ts'
import { parseJsonDocument } from '../documents/json-document.ts'
import { readConfigText } from '../documents/read-config-text.ts'
import { type ConfigDocument, parseYamlDocument } from '../documents/yaml-document.ts'

/**
 * Reads a file as JSON where its name ends in `.json`, else as YAML. Warns of repeated keys. Rejects with ConfigError when it cannot
 * be read, or is neither.
 */
export async function readDocument(file: string, findings: Findings): Promise<ConfigDocument> {
  const text = await readConfigText(file)
  const document = file.endsWith('.json') ? parseJsonDocument(text, file) : parseYamlDocument(text, file)
  findings.warnOfRepeatedKeys(document)
  return document
}

import { ConfigError, type Finding } from '../../domain/errors.ts'
import { Findings } from '../checks/findings.ts'
import type { ConfigDocument } from '../documents/yaml-document.ts'
import { readDocument } from './read-document.ts'

/** What is wrong with a configuration, and the configuration where it can be used. */
export type Checked<T> = { readonly findings: readonly Finding[]; readonly config: T | undefined }

/** Reads a file and compiles what it has. Rejects with ConfigError when the file cannot be read. */
export async function loadChecked<T>(
  file: string,
  compile: (document: ConfigDocument, findings: Findings) => T | undefined | Promise<T | undefined>,
): Promise<Checked<T>> {
  const findings = new Findings()
  try {
    const document = await readDocument(file, findings)
    const config = await compile(document, findings)
    return { findings: findings.list, config }
  } catch (error) {
    if (!(error instanceof ConfigError) || error.findings.length === 0) throw error
    findings.addAll(error.findings)
    return { findings: findings.list, config: undefined }
  }
}

/** Returns a finding, as a warning where it is of an unknown key: hermes passes over those. */
export function asWarning(finding: Finding): Finding {
  return finding.code === 'unknown-key' ? { ...finding, severity: 'warning' } : finding
}

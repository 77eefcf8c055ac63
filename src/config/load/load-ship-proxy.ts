import { ConfigError, type Finding } from '../../domain/errors.ts'
import { checkShape } from '../checks/check-shape.ts'
import { Findings } from '../checks/findings.ts'
import { type ShipProxyConfig, shipProxySchema } from '../schemas/ship-proxy-schema.ts'
import { readDocument } from './read-document.ts'

/** What is wrong with a configuration, and the configuration where it can be used. */
export type Checked<T> = { readonly findings: readonly Finding[]; readonly config: T | undefined }

/** Returns a finding, as a warning where it is of an unknown key: hermes passes over those. */
export function asWarning(finding: Finding): Finding {
  return finding.code === 'unknown-key' ? { ...finding, severity: 'warning' } : finding
}

/** Loads the configuration of `stv3 ship-proxy`. Rejects with ConfigError when the file cannot be read. */
export async function loadShipProxy(file: string): Promise<Checked<ShipProxyConfig>> {
  const findings = new Findings()
  try {
    const document = await readDocument(file, findings)
    const config = checkShape(document, document.value, shipProxySchema, findings)
    return { findings: findings.list.map(asWarning), config }
  } catch (error) {
    if (!(error instanceof ConfigError) || error.findings.length === 0) throw error
    findings.addAll(error.findings)
    return { findings: findings.list, config: undefined }
  }
}

import { checkShape } from '../checks/check-shape.ts'
import { type ShipProxyConfig, shipProxySchema } from '../schemas/ship-proxy-schema.ts'
import { asWarning, type Checked, loadChecked } from './load-checked.ts'

/** Loads the configuration of `stv3 ship-proxy`. Rejects with ConfigError when the file cannot be read. */
export async function loadShipProxy(file: string): Promise<Checked<ShipProxyConfig>> {
  const { findings, config } = await loadChecked(file, (document, found) =>
    checkShape(document, document.value, shipProxySchema, found),
  )
  return { findings: findings.map(asWarning), config }
}

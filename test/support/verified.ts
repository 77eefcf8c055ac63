import { resolve } from 'node:path'
import { requirePipelines } from '../../src/assembly/require-pipelines.ts'
import type { Config } from '../../src/config/load/config.ts'
import { loadConfig } from '../../src/config/load/load-config.ts'
import { decodeNotificationText } from '../../src/distiller/decode-notification.ts'
import { createDistiller } from '../../src/distiller/distiller.ts'
import type { JsonObject } from '../../src/domain/notification.ts'
import { StreamGroups } from '../../src/explain/verify/stream-groups.ts'
import type { VerdictLine } from '../../src/explain/verify/verdict-line.ts'
import { verifyGroups } from '../../src/explain/verify/verify-groups.ts'
import type { Pipeline } from '../../src/pipeline/load-pipelines.ts'
import { silentLogger } from '../../src/runtime/logger.ts'
import { createRouter } from '../../src/streams/router.ts'

/** A configuration of this project and its pipelines, to verify notifications by. */
export type Verifier = { readonly config: Config; readonly pipelines: ReadonlyMap<string, Pipeline> }

/** Loads a verifier from a file below config/, with these environment variables. */
export async function loadVerifier(
  file = 'winchester.yaml',
  environment: { readonly [name: string]: string } = {},
): Promise<Verifier> {
  const config = await loadConfig(resolve(import.meta.dirname, '../../config', file), environment)
  return { config, pipelines: await requirePipelines(config) }
}

/** Returns the verdicts on notifications, as `stv3 verify` prints them. */
export function verdictsOn(
  notifications: readonly JsonObject[],
  { config, pipelines }: Verifier,
): VerdictLine[] {
  const distiller = createDistiller(config.definitions, { catchAll: false })
  const groups = new StreamGroups(createRouter(config.triggers))
  for (const notification of notifications) {
    const decoded = decodeNotificationText(JSON.stringify(notification))
    if (!decoded.ok) throw new Error(decoded.reason)
    const distilled = distiller.distil(decoded.notification, 0)
    if (distilled.kind === 'failed') throw new Error(distilled.reason)
    if (distilled.kind === 'event') groups.add(distilled.event)
  }
  return verifyGroups(groups.sorted(), config.triggers, pipelines, { logger: silentLogger })
}

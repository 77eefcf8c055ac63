import type { RequestListener } from 'node:http'
import { createRangeService } from '../http/range-service.ts'
import type { Service } from '../runtime/lifecycle.ts'
import type { ListenRange } from '../runtime/listen-address.ts'
import type { Logger } from '../runtime/logger.ts'
import type { Health } from './health.ts'
import type { Metrics } from './metrics.ts'
import { createStatusApp, type ProcessFacts } from './status-app.ts'

export type StatusParts = {
  /** where it listens: at the first of the ports that is free */
  readonly address: ListenRange
  readonly health: Health
  readonly metrics: Metrics
  readonly logger: Logger
  /** Returns what the process is and does. */
  readonly about?: () => ProcessFacts
  /** Serves the status tree. */
  readonly tree?: RequestListener | undefined
}

/**
 * Creates the service that serves metrics and health over HTTP. Its start rejects with StackTachError when
 * none of the ports is free.
 */
export function createStatusService({ address, health, metrics, logger, about, tree }: StatusParts): Service {
  const sources = {
    metrics: async () => ({ contentType: metrics.contentType, text: await metrics.text() }),
    hindrance: () => health.hindrance(),
    remarks: () => health.remarks(),
    ...(about ? { about } : {}),
    tree,
  }
  const { host } = address
  const http = createRangeService(createStatusApp(sources, host), address, REMEDY)
  return {
    async start() {
      await http.start()
      logger.info({}, `metrics and health at http://${host}:${http.address().port}/metrics`)
    },
    stop: () => http.stop(),
  }
}

const REMEDY =
  '--status, or give all processes of this machine a range in winchester.yaml, such as status: 127.0.0.1:9101-9109'

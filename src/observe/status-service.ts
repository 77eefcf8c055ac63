import { createHttpService } from '../http/http-service.ts'
import type { Service } from '../runtime/lifecycle.ts'
import type { ListenAddress } from '../runtime/listen-address.ts'
import type { Logger } from '../runtime/logger.ts'
import type { Health } from './health.ts'
import type { Metrics } from './metrics.ts'
import { createStatusApp } from './status-app.ts'

export type StatusParts = {
  readonly address: ListenAddress
  readonly health: Health
  readonly metrics: Metrics
  readonly logger: Logger
}

/**
 * Creates the service that serves metrics and health over HTTP, at the address `status` of winchester.yaml.
 */
export function createStatusService({ address, health, metrics, logger }: StatusParts): Service {
  const sources = {
    metrics: async () => ({ contentType: metrics.contentType, text: await metrics.text() }),
    hindrance: () => health.hindrance(),
    remarks: () => health.remarks(),
  }
  const app = createStatusApp(sources, address.host)
  const http = createHttpService(app, address, 'status in winchester.yaml')
  return {
    async start() {
      await http.start()
      const { host, port } = http.address()
      logger.info({}, `metrics and health at http://${host}:${port}/metrics`)
    },
    stop: () => http.stop(),
  }
}

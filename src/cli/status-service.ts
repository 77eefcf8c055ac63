import { createHttpService } from '../api/http-service.ts'
import type { ListenAddress } from '../api/listen-address.ts'
import { createStatusApp } from '../api/status-app.ts'
import { messageOf } from '../domain/errors.ts'
import type { Service } from '../runtime/lifecycle.ts'
import type { Logger } from '../runtime/logger.ts'
import type { Metrics } from '../runtime/metrics.ts'
import type { Store } from '../store/store.ts'

export type StatusParts = {
  readonly address: ListenAddress
  readonly store: Store
  readonly metrics: Metrics
  readonly logger: Logger
  /** What else keeps the process from its work; undefined: nothing. */
  readonly hindrance?: () => string | undefined
}

/** Metrics and health of a daemon over HTTP, where `status` of winchester.yaml says. */
export function createStatusService(parts: StatusParts): Service {
  const { address, store, metrics, logger } = parts
  const app = createStatusApp({
    metrics: async () => ({ contentType: metrics.contentType, text: await metrics.text() }),
    async hindrance() {
      const own = parts.hindrance?.()
      if (own !== undefined) return own
      return store.ping().then(
        () => undefined,
        (error) => `the database does not answer: ${messageOf(error)}`,
      )
    },
  })
  const http = createHttpService(app, address)
  return {
    async start() {
      await http.start()
      const { host, port } = http.address()
      logger.info({}, `metrics and health at http://${host}:${port}/metrics`)
    },
    stop: () => http.stop(),
  }
}

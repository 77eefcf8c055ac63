import { createHttpService } from '../api/http-service.ts'
import type { ListenAddress } from '../api/listen-address.ts'
import { createStatusApp } from '../api/status-app.ts'
import { messageOf } from '../domain/errors.ts'
import { sleep } from '../runtime/backoff.ts'
import type { Service } from '../runtime/lifecycle.ts'
import type { Logger } from '../runtime/logger.ts'
import type { Metrics } from '../runtime/metrics.ts'
import type { Store } from '../store/store.ts'

export type StatusParts = {
  readonly address: ListenAddress
  /** undefined while it is not open yet */
  readonly store: () => Store | undefined
  readonly metrics: Metrics
  readonly logger: Logger
  /** What else keeps the process from its work; undefined: nothing. */
  readonly hindrance?: () => string | undefined
}

/** A database that takes longer to say a word is not ready for work. */
const PATIENCE_MS = 5000

/** Metrics and health of a daemon over HTTP, where `status` of winchester.yaml says. */
export function createStatusService(parts: StatusParts): Service {
  const { address, metrics, logger } = parts
  const sources = {
    metrics: async () => ({ contentType: metrics.contentType, text: await metrics.text() }),
    hindrance: async () => parts.hindrance?.() ?? hindranceOf(parts.store()),
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

async function hindranceOf(store: Store | undefined): Promise<string | undefined> {
  if (!store) return 'the database is not open yet'
  const answering = store.ping().then(
    () => undefined,
    (error) => `the database does not answer: ${messageOf(error)}`,
  )
  const answered = new AbortController()
  const silence = sleep(PATIENCE_MS, answered.signal).then(
    () => `the database has not answered for ${PATIENCE_MS / 1000} s`,
  )
  const hindrance = await Promise.race([answering, silence])
  answered.abort()
  return hindrance
}

import type { RequestListener } from 'node:http'
import { causeOf } from '../domain/errors.ts'
import { createHttpService, type HttpService } from '../http/http-service.ts'
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
  const { host, ports } = address
  const app = createStatusApp(sources, host)
  let http: HttpService | undefined
  return {
    async start() {
      http = await startAtFirst(ports, (port) => createHttpService(app, { host, port }, REMEDY))
      const { port } = http.address()
      logger.info({}, `metrics and health at http://${host}:${port}/metrics`)
    },
    stop: async () => http?.stop(),
  }
}

const REMEDY =
  '--status, or give all processes of this machine a range in winchester.yaml, such as status: 127.0.0.1:9101-9109'

/** Starts the first service whose port is free. Rejects as the last one does when none is. */
async function startAtFirst(
  [port, ...others]: readonly [number, ...number[]],
  serviceAt: (port: number) => HttpService,
): Promise<HttpService> {
  const service = serviceAt(port)
  try {
    await service.start()
    return service
  } catch (error) {
    const [next, ...more] = others
    const cause = causeOf(error)
    const isTaken = cause instanceof Error && 'code' in cause && cause.code === 'EADDRINUSE'
    if (next === undefined || !isTaken) throw error
    return startAtFirst([next, ...more], serviceAt)
  }
}

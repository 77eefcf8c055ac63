import type { RequestListener } from 'node:http'
import { causeOf } from '../domain/errors.ts'
import type { ListenRange } from '../runtime/listen-address.ts'
import { createHttpService, type HttpService, type Slowness } from './http-service.ts'

/**
 * Creates an HTTP server that listens at the first of several ports that is free, so that processes of one machine can share
 * a range. Its start rejects with StackTachError when none is.
 *
 * @example
 * const service = createRangeService(app, { host: '127.0.0.1', ports: [9101, 9102] }, '--status HOST:PORT')
 * await service.start()
 */
export function createRangeService(
  app: RequestListener,
  { host, ports }: ListenRange,
  /** the option or key that sets the ports, for the error message */
  option: string,
  slowness: Slowness = {},
): HttpService {
  let started: HttpService | undefined
  const startAt = async ([port, ...others]: ListenRange['ports']): Promise<HttpService> => {
    const service = createHttpService(app, { host, port }, option, slowness)
    try {
      await service.start()
      return service
    } catch (error) {
      const [next, ...more] = others
      const cause = causeOf(error)
      const isTaken = cause instanceof Error && 'code' in cause && cause.code === 'EADDRINUSE'
      if (next === undefined || !isTaken) throw error
      return startAt([next, ...more])
    }
  }
  return {
    address: () => started?.address() ?? { host, port: ports[0] },
    async start() {
      started = await startAt(ports)
    },
    stop: async () => started?.stop(),
    renew: (certificate) => started?.renew(certificate),
  }
}

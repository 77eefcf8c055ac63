import { type ShipLister, shipOperation } from '../../api/ship.ts'
import { type Access, guardName, requireToken } from '../../http/access.ts'
import { createHttpApp, type HttpApp } from '../../http/create-app.ts'
import { httpProblemHandler, sendHttpProblem } from '../../http/http-problem.ts'
import { limitRequests } from '../../http/limits.ts'
import { mount } from '../../http/operation.ts'
import { logRequests } from '../../http/request-log.ts'
import { DEFAULT_LIMITS } from '../../runtime/client-limits.ts'
import type { Logger } from '../../runtime/logger.ts'

/** Creates what a ship-server serves beside its links: `GET /v1/ship`, for those who have a token. */
export function createShipServerApp(list: ShipLister, access: Access, logger: Logger): HttpApp {
  const app = createHttpApp()
  app.use(logRequests(logger))
  app.use(limitRequests(DEFAULT_LIMITS))
  app.use(guardName(access, 'without read_tokens_file, only requests to a name of this machine are served'))
  app.use(requireToken(access))
  mount(app, [shipOperation(list)], DEFAULT_LIMITS.queryTimeoutMs)
  app.use((request, response) => sendHttpProblem(response, 404, `there is nothing at ${request.path}`))
  app.use(httpProblemHandler(logger))
  return app
}

import { type Access, guardName, requireToken } from '../http/access.ts'
import { createHttpApp, type HttpApp, secureHeaders } from '../http/create-app.ts'
import { docsPage } from '../http/docs-page.ts'
import { DEFAULT_LIMITS, type Limits, limitRequests } from '../http/limits.ts'
import { type OpenApi, openApiDocument } from '../http/openapi.ts'
import { mount, type Operation, otherMethods } from '../http/operation.ts'
import { problemHandler, sendProblem } from '../http/problem.ts'
import { logRequests, type RequestObserver } from '../http/request-log.ts'
import type { Logger } from '../runtime/logger.ts'
import type { Queries } from '../store/ports/queries.ts'
import type { StreamRuns } from '../store/ports/stream-runs.ts'
import { eventOperations } from './events.ts'
import { COMPONENTS } from './shapes.ts'
import { streamOperations } from './streams.ts'

export type AppDependencies = {
  readonly store: Queries & StreamRuns
  readonly logger: Logger
  /** who may do what (everybody everything) */
  readonly access?: Access
  readonly limits?: Limits
  readonly onRequest?: RequestObserver | undefined
}

/** Returns the OpenAPI document of the API's operations. */
export function apiDocument(operations: readonly Operation[]): OpenApi {
  return openApiDocument(operations, {
    title: 'StackTach',
    description: 'Streams of events that were made of notifications, and the events themselves.',
    components: COMPONENTS,
  })
}

/** The REST API, as StackTach documents it, over a store; `/openapi.json` and `/docs` tell of it. */
export function createApiApp({
  store,
  logger,
  access = { read: [], write: [] },
  limits = DEFAULT_LIMITS,
  onRequest,
}: AppDependencies): HttpApp {
  const operations = [...streamOperations(store), ...eventOperations(store)]
  const document = apiDocument(operations)
  const page = docsPage(document)

  const app = createHttpApp()
  app.use(logRequests(logger, onRequest))
  app.use(secureHeaders())
  app.use(limitRequests(limits))
  app.use(guardName(access))
  app.get('/openapi.json', (_, response) => {
    response.json(document)
  })
  app.get('/docs', (_, response) => {
    response.type('html').send(page)
  })
  app.all(['/openapi.json', '/docs'], otherMethods('GET, HEAD, OPTIONS'))
  // Whatever the path: nothing that is mounted from here on is reached without it.
  app.use(requireToken(access))
  mount(app, operations, limits.queryTimeoutMs)
  app.use((request, response) => sendProblem(response, 404, `there is nothing at ${request.path}`))
  app.use(problemHandler(logger))
  return app
}

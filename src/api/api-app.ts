import { randomUUID } from 'node:crypto'
import { type Access, guardName, requireToken } from '../http/access.ts'
import { createHttpApp, type HttpApp, secureHeaders } from '../http/create-app.ts'
import { docsPage } from '../http/docs-page.ts'
import { httpProblemHandler, sendHttpProblem } from '../http/http-problem.ts'
import { largeBodies, limitRequests } from '../http/limits.ts'
import { mount, otherMethods, takesBytes } from '../http/operation.ts'
import { logRequests, type RequestObserver } from '../http/request-log.ts'
import { ActionRunner } from '../repair/action-runner.ts'
import { DEFAULT_LIMITS, type Limits } from '../runtime/client-limits.ts'
import type { Logger } from '../runtime/logger.ts'
import { apiDocument, apiOperations, type OperationParts } from './api-operations.ts'

export type AppDependencies = Omit<OperationParts, 'runner'> & {
  /** runs bulk actions; one that is not given is created, and runs what is asked of it only */
  readonly runner?: ActionRunner | undefined
  readonly logger: Logger
  /** tokens by permission (none: everybody may do everything) */
  readonly access?: Access
  readonly limits?: Limits
  readonly onRequest?: RequestObserver | undefined
  /** adds the page for people, whose cookie then counts as a token (none) */
  readonly mountPage?: ((app: HttpApp) => void) | undefined
}

/**
 * Creates the REST API of StackTach over a store; `/openapi.json` and `/docs` describe it.
 *
 * @example
 * const app = createApiApp({ store, logger, access: { read: ['secret'], write: [] } })
 */
export function createApiApp({
  logger,
  access = { read: [], write: [] },
  limits = DEFAULT_LIMITS,
  onRequest,
  mountPage,
  ...parts
}: AppDependencies): HttpApp {
  const runner = parts.runner ?? new ActionRunner({ store: parts.store, name: `api-${randomUUID()}`, logger })
  const operations = apiOperations({ ...parts, runner })
  const document = apiDocument(operations)
  const page = docsPage(document)

  const takesLarge = takesBytes(operations)
  const app = createHttpApp()
  app.use(logRequests(logger, onRequest))
  app.use(secureHeaders())
  app.use(limitRequests(limits, takesLarge))
  app.use(guardName(access))
  app.get('/openapi.json', (_, response) => {
    response.json(document)
  })
  app.get('/docs', (_, response) => {
    response.type('html').send(page)
  })
  app.all(['/openapi.json', '/docs'], otherMethods('GET, HEAD, OPTIONS'))
  mountPage?.(app)
  // For every path: nothing that is mounted from here on is reached without a token.
  app.use(requireToken(access, { hasPage: mountPage !== undefined }))
  app.use(largeBodies(takesLarge))
  mount(app, operations, limits.queryTimeoutMs)
  app.use((request, response) => sendHttpProblem(response, 404, `there is nothing at ${request.path}`))
  app.use(httpProblemHandler(logger))
  return app
}

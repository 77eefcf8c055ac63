import { randomUUID } from 'node:crypto'
import type { ClockSettings } from '../clock/read-clock.ts'
import { type Access, guardName, requireToken } from '../http/access.ts'
import { createHttpApp, type HttpApp, secureHeaders } from '../http/create-app.ts'
import { docsPage } from '../http/docs-page.ts'
import { httpProblemHandler, sendHttpProblem } from '../http/http-problem.ts'
import { largeBodies, limitRequests } from '../http/limits.ts'
import { type OpenApi, openApiDocument } from '../http/openapi.ts'
import { mount, type Operation, otherMethods, takesBytes } from '../http/operation.ts'
import { logRequests, type RequestObserver } from '../http/request-log.ts'
import { ActionRunner } from '../repair/action-runner.ts'
import { DEFAULT_LIMITS, type Limits } from '../runtime/client-limits.ts'
import type { Logger } from '../runtime/logger.ts'
import type { Actions } from '../store/ports/actions.ts'
import type { DeadLetterBox } from '../store/ports/dead-letter-box.ts'
import type { Queries } from '../store/ports/queries.ts'
import type { Replays } from '../store/ports/replays.ts'
import type { StreamRuns } from '../store/ports/stream-runs.ts'
import type { Tail } from '../store/ports/tail.ts'
import type { Tallies } from '../store/ports/tallies.ts'
import type { Watermarks } from '../store/ports/watermarks.ts'
import type { Trigger } from '../streams/trigger.ts'
import { actionOperations } from './actions.ts'
import { type ArchiveLister, archiveOperation } from './archives.ts'
import { clockOperations } from './clock.ts'
import { deadLetterOperations } from './dead-letters.ts'
import { eventOperations } from './events.ts'
import { eventsFeedOperation } from './events-feed.ts'
import { streamExplainOperation } from './explain-stream.ts'
import { type NotificationTaker, notificationOperation } from './notifications.ts'
import { COMPONENTS } from './shapes.ts'
import { streamOperations } from './streams.ts'
import { tailOperation } from './tail.ts'
import { droppedOperation, triggersOperation } from './tallies.ts'
import { timelineOperation } from './timeline.ts'

export type AppDependencies = {
  readonly store: Queries &
    StreamRuns &
    DeadLetterBox &
    Actions &
    Tallies &
    Tail &
    Pick<Watermarks, 'readReports'> &
    Pick<Replays, 'readReplay'>
  /** runs bulk actions; one that is not given is created, and runs what is asked of it only */
  readonly runner?: ActionRunner | undefined
  /** takes notifications that are posted; absent where the server distils nothing */
  readonly take?: NotificationTaker | undefined
  /** lists the files of the archive; absent where the server has none */
  readonly listArchives?: ArchiveLister | undefined
  /** how the event clock is configured (auto, a week of patience) */
  readonly clock?: ClockSettings | undefined
  /** triggers of the configuration, whose criteria explanations show (none) */
  readonly triggers?: readonly Trigger[] | undefined
  /** names of the traits that a bare value is looked for under (none) */
  readonly searchedTraits?: readonly string[] | undefined
  readonly logger: Logger
  /** tokens by permission (none: everybody may do everything) */
  readonly access?: Access
  readonly limits?: Limits
  readonly onRequest?: RequestObserver | undefined
}

const DEFAULT_CLOCK: ClockSettings = { mode: 'auto', patienceMs: 7 * 86_400_000 }

/** Returns the OpenAPI document of the API's operations. */
export function apiDocument(operations: readonly Operation[]): OpenApi {
  return openApiDocument(operations, {
    title: 'StackTach',
    description: 'Streams of events that were distilled from notifications, and the events themselves.',
    components: COMPONENTS,
  })
}

/**
 * Creates the REST API of StackTach over a store; `/openapi.json` and `/docs` describe it.
 *
 * @example
 * const app = createApiApp({ store, logger, access: { read: ['secret'], write: [] } })
 */
export function createApiApp({
  store,
  take,
  listArchives,
  clock = DEFAULT_CLOCK,
  triggers = [],
  searchedTraits = [],
  logger,
  runner = new ActionRunner({ store, name: `api-${randomUUID()}`, logger }),
  access = { read: [], write: [] },
  limits = DEFAULT_LIMITS,
  onRequest,
}: AppDependencies): HttpApp {
  const operations = [
    ...streamOperations(store),
    streamExplainOperation({ store, clock, triggers }),
    ...eventOperations(store),
    eventsFeedOperation(store),
    notificationOperation(take),
    timelineOperation(store, searchedTraits),
    ...deadLetterOperations(store, runner),
    ...actionOperations(store, runner),
    archiveOperation(listArchives),
    triggersOperation(store, triggers),
    droppedOperation(store),
    tailOperation(store),
    ...clockOperations(store, clock),
  ]
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
  // For every path: nothing that is mounted from here on is reached without a token.
  app.use(requireToken(access))
  app.use(largeBodies(takesLarge))
  mount(app, operations, limits.queryTimeoutMs)
  app.use((request, response) => sendHttpProblem(response, 404, `there is nothing at ${request.path}`))
  app.use(httpProblemHandler(logger))
  return app
}

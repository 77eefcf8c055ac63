import express, { type Express } from 'express'
import type { Logger } from '../runtime/logger.ts'
import type { Store } from '../store/store.ts'
import { eventsResource } from './events.ts'
import { problemHandler, sendProblem } from './problem.ts'
import { streamsResource } from './streams.ts'

export type AppDependencies = {
  readonly store: Store
  readonly logger: Logger
  /** told how each request was answered, and how long it took in seconds */
  readonly onRequest?: ((method: string, status: number, seconds: number) => void) | undefined
}

/** The REST API, as StackTach documents it, over a store. */
export function createApp({ store, logger, onRequest }: AppDependencies): Express {
  const app = express()
  app.disable('x-powered-by')
  app.set('etag', false)
  app.set('case sensitive routing', true)

  if (onRequest) {
    app.use((request, response, next) => {
      const begun = performance.now()
      response.once('close', () =>
        onRequest(request.method, response.statusCode, (performance.now() - begun) / 1000),
      )
      next()
    })
  }
  app.use('/v1', (request, response, next) => {
    if (request.method === 'OPTIONS') {
      response.status(204).set('allow', 'GET, HEAD, OPTIONS').end()
    } else if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.set('allow', 'GET, HEAD, OPTIONS')
      sendProblem(response, 405, `${request.method} is not allowed for ${request.baseUrl}${request.path}`)
    } else next()
  })
  app.use('/v1/streams', streamsResource(store))
  app.use('/v1/events', eventsResource(store))
  app.use((request, response) => sendProblem(response, 404, `there is nothing at ${request.path}`))
  app.use(problemHandler(logger))
  return app
}

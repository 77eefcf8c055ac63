import express, { type Express } from 'express'
import { InvalidError } from '../domain/errors.ts'
import { formatIso, type Micros, parseIso } from '../domain/time.ts'
import type { Logger } from '../runtime/logger.ts'
import type { SharedTime, TimePost } from '../runtime/shared-time.ts'
import { problemHandler, sendProblem } from './problem.ts'

/**
 * The time service behind time_sync_endpoint: GET /time answers the shared time as ISO text; POST /time takes
 * an ISO text, or `{"source", "time", "busy", "reading"}` from a consumer.
 */
export function createTimeApp(time: SharedTime, logger: Logger): Express {
  const app = express()
  app.disable('x-powered-by')
  app.get('/time', (_request, response) => {
    response.type('text/plain').send(formatIso(time.now(), 'six'))
  })
  app.post('/time', express.text({ type: () => true, limit: '4kb' }), (request, response) => {
    time.post(parsePost(String(request.body ?? '')))
    response.status(204).end()
  })
  app.use((request, response) => sendProblem(response, 404, `there is nothing at ${request.path}`))
  app.use(problemHandler(logger))
  return app
}

function parsePost(body: string): TimePost {
  if (!body.trimStart().startsWith('{')) {
    return {
      source: 'anonymous',
      time: requireTime(body.trim().replace(/^"|"$/g, '')),
      busy: false,
      reading: false,
    }
  }
  const value = parseObject(body)
  const { source, time, busy, reading } = value
  if (typeof source !== 'string' || source === '')
    throw new InvalidError('source: expected the name of a process')
  return {
    source,
    time: time === null || time === undefined ? undefined : requireTime(time),
    busy: requireFlag('busy', busy),
    reading: requireFlag('reading', reading),
  }
}

function requireFlag(name: string, value: unknown = false): boolean {
  if (typeof value !== 'boolean') throw new InvalidError(`${name}: expected true or false`)
  return value
}

function parseObject(body: string): { readonly [key: string]: unknown } {
  try {
    return JSON.parse(body)
  } catch (error) {
    throw new InvalidError(`the body is neither an ISO 8601 time nor JSON: ${(error as Error).message}`)
  }
}

function requireTime(value: unknown): Micros {
  const time = typeof value === 'string' ? parseIso(value) : undefined
  if (time === undefined) throw new InvalidError(`time: ${JSON.stringify(value)} is not an ISO 8601 time`)
  return time
}

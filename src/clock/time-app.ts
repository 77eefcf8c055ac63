import { InvalidError } from '../domain/errors.ts'
import { formatIso, type Micros, parseIso } from '../domain/time.ts'
import { type Access, guardName, requireToken } from '../http/access.ts'
import { createHttpApp, type HttpApp, textBody } from '../http/create-app.ts'
import { httpProblemHandler, sendHttpProblem } from '../http/http-problem.ts'
import type { Logger } from '../runtime/logger.ts'
import type { SharedTime, TimePost } from './shared-time.ts'

const OWN_NAME_ONLY =
  'without a token, only requests to a name of this machine are served; see STACKTACH_TIME_TOKEN'

/**
 * Creates the time service behind time_sync_endpoint. GET /time returns the shared time as ISO text; POST
 * /time takes ISO text, or `{"source", "time", "busy", "reading"}` from a consumer. Requests pass the guards
 * of the API.
 *
 * @example
 * const app = createTimeApp(createSharedTime(), logger)
 */
export function createTimeApp(
  time: SharedTime,
  logger: Logger,
  access: Access = { read: [], write: [] },
): HttpApp {
  const app = createHttpApp()
  app.use(guardName(access, OWN_NAME_ONLY), requireToken(access))
  app.get('/time', (_request, response) => {
    response.type('text/plain').send(formatIso(time.now(), 'six'))
  })
  app.post('/time', textBody('4kb'), (request, response) => {
    const outcome = time.post(parsePost(String(request.body ?? '')))
    if (outcome === 'taken') response.status(204).end()
    else sendHttpProblem(response, REFUSALS[outcome].status, REFUSALS[outcome].detail)
  })
  app.use((request, response) => sendHttpProblem(response, 404, `there is nothing at ${request.path}`))
  app.use(httpProblemHandler(logger))
  return app
}

const REFUSALS = {
  ahead: { status: 400, detail: 'time: more than a day ahead of the clock of this machine' },
  crowded: { status: 429, detail: 'source: too many processes post their time to this service' },
}

const LONGEST_SOURCE = 300

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
  if (typeof source !== 'string' || source === '' || source.length > LONGEST_SOURCE)
    throw new InvalidError(`source: expected the name of a process, of at most ${LONGEST_SOURCE} characters`)
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

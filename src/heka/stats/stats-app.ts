import type { RequestListener, ServerResponse } from 'node:http'
import type { Counters } from '../receivers/counters.ts'

export type StatsSources = {
  readonly counters: Counters
  /** Returns why the daemon cannot do its work now; undefined where it can. */
  readonly hindrance: () => string | undefined
  /** Returns the metrics in the form of Prometheus. */
  readonly metrics: () => Promise<{ readonly contentType: string; readonly text: string }>
}

/**
 * Creates the listener of a daemon's statistics address: `/health` with its counters, 502 while the broker is away,
 * `/metrics`, and `/debug/vars` with the counters in the form of Go's expvar.
 */
export function createStatsApp({ counters, hindrance, metrics }: StatsSources): RequestListener {
  return async (request, response) => {
    const path = (request.url ?? '/').split('?')[0]
    if (path === '/health') {
      const reason = hindrance()
      if (reason === undefined) return send(response, 200, 'application/json', counters.toLine())
      const body = `{"status": "error", "message": ${JSON.stringify(reason)}}\n`
      return send(response, 502, 'application/json', body)
    }
    if (path === '/debug/vars')
      return send(response, 200, 'application/json; charset=utf-8', `{\n"stats": ${counters.toLine()}\n}\n`)
    if (path !== '/metrics')
      return send(
        response,
        404,
        'text/plain; charset=utf-8',
        'not found; expected /health, /metrics or /debug/vars\n',
      )
    const { contentType, text } = await metrics()
    send(response, 200, contentType, text)
  }
}

function send(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, { 'Content-Type': type, 'Content-Length': Buffer.byteLength(body) }).end(body)
}

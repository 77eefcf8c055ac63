import type { Metrics } from '../observe/metrics.ts'

/** Adds the times of requests to the metrics. Returns the callback that records each of them. */
export function apiMetrics(metrics: Metrics): (method: string, status: number, seconds: number) => void {
  const took = metrics.histogram('api_request_seconds', 'a request of the REST API', ['method', 'status'])
  return (method, status, seconds) => took(seconds, { method, status })
}

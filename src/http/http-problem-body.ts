/** The body of an HTTP error (RFC 9457), without what a single answer adds. */
export type HttpProblem = {
  readonly type: string
  readonly title: string
  readonly status: number
  /** one sentence for people */
  readonly detail: string
}

const TITLES: { readonly [status: number]: string } = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  408: 'Request Timeout',
  409: 'Conflict',
  413: 'Content Too Large',
  414: 'URI Too Long',
  415: 'Unsupported Media Type',
  429: 'Too Many Requests',
  431: 'Request Header Fields Too Large',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
}

/** Returns an HTTP problem in the form of RFC 9457. */
export function httpProblemBody(status: number, detail: string): HttpProblem {
  return { type: 'about:blank', title: TITLES[status] ?? 'Error', status, detail }
}

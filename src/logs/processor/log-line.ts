/** What a line of a log of an OpenStack service says, as oslo.log writes it by default. */
export type LogLine = {
  /** time without a zone, as it stands there */
  readonly time?: string
  readonly pid?: number
  readonly level?: string
  readonly logger?: string
  readonly request_id?: string
  readonly user_id?: string
  readonly tenant_id?: string
  readonly instance_id?: string
  readonly message: string
}

const LINE =
  /^(\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(?:[.,]\d{1,6})?) (\d+) ([A-Z]+) (\S+) (?:\[([^\]]*)\] ?)?(?:\[instance: ([\w-]+)\] ?)?(.*)$/s
const REQUEST = /(req-\S+)(?: (\S+) (\S+))?/

/**
 * Parses a line of a log; of one in another form it is all message.
 *
 * @example
 * parseLogLine('2026-11-30 12:00:00.123 7 ERROR nova.compute [req-1 u t - - -] [instance: i] Out of memory').level // 'ERROR'
 */
export function parseLogLine(line: string): LogLine {
  const [, time, pid, level, logger, context = '', instance, message] = LINE.exec(line) ?? []
  if (time === undefined || level === undefined || logger === undefined) return { message: line }
  const [, request, user, tenant] = REQUEST.exec(context) ?? []
  return {
    ...{ time: time.replace(' ', 'T').replace(',', '.'), pid: Number(pid), level, logger },
    ...(request ? { request_id: request } : {}),
    ...(user && user !== '-' ? { user_id: user } : {}),
    ...(tenant && tenant !== '-' ? { tenant_id: tenant } : {}),
    ...(instance ? { instance_id: instance } : {}),
    message: message ?? '',
  }
}

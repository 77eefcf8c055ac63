import { bytesHash128 } from '../../domain/hash.ts'
import { parseLogLine } from './log-line.ts'

/** Where a line comes from. */
export type LineSource = {
  readonly host: string
  /** name of the file, as its collector sends it */
  readonly file: string
  /** what tells this life of the file from all others */
  readonly stream: string
  /** place in the file after the line */
  readonly offset: bigint
}

/**
 * Returns the notification that a line of a log becomes, as JSON. Its event type is `log.LEVEL` for a line of an OpenStack
 * service, else `log.line`. The same line of the same file has the same id, so that a consumer drops it when it comes again.
 * `now` is the time of a line that says none, in ISO without a zone.
 */
export function lineNotification(bytes: Buffer, source: LineSource, now: string): Buffer {
  const { time, ...line } = parseLogLine(bytes.toString('utf8').replace(/\r?\n$/, ''))
  const { host, file, stream, offset } = source
  const service = line.logger?.split('.')[0]
  return Buffer.from(
    JSON.stringify({
      message_id: idOf(`${host}\0${file}\0${stream}\0${offset}\0`, bytes),
      event_type: `log.${line.level?.toLowerCase() ?? 'line'}`,
      timestamp: time ?? now,
      publisher_id: `${service ?? 'log'}.${host}`,
      priority: line.level ?? 'INFO',
      payload: { host, file, ...(service ? { service } : {}), ...line },
    }),
  )
}

/** Returns the hash of where a line stands, and of the line itself, since an inode may be used again, in the form of a UUID. */
function idOf(place: string, line: Buffer): string {
  const digits = bytesHash128(Buffer.concat([Buffer.from(place), line]))
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}

import { pino } from 'pino'
import { forPeople } from './for-people.ts'
import { type LogFormat, showsColours } from './log-format.ts'

/**
 * Returns the place for lines of a log on standard error. Each is written before the call returns. One that cannot be
 * written, because the terminal was closed or the disk is full, is lost: there is nowhere to say so.
 */
export function standardErrorLines(format: LogFormat): { write(line: string): void } {
  const destination = pino.destination({ dest: 2, sync: true })
  destination.on('error', () => {})
  if (format === 'json') return destination
  const hasColours = showsColours(process.stderr)
  return {
    write(line) {
      destination.write(forPeople(line, hasColours))
    },
  }
}

import { pino } from 'pino'
import { forPeople } from './for-people.ts'

export const LOG_FORMATS = ['json', 'text'] as const

/** `json`: one JSON object a line, for programs; `text`: lines for people. */
export type LogFormat = (typeof LOG_FORMATS)[number]

type Output = { readonly isTTY?: boolean; readonly hasColors?: () => boolean }

/** Returns the format of a log that nobody chose one for: text on a terminal, else JSON. */
export function logFormatOf({ isTTY = false }: Output): LogFormat {
  return isTTY ? 'text' : 'json'
}

/** Returns whether a stream shows colours: a terminal that has some, and no variable NO_COLOR (no-color.org). */
export function showsColours(
  { isTTY = false }: Output,
  environment: NodeJS.ProcessEnv = process.env,
): boolean {
  return isTTY && (environment.NO_COLOR ?? '') === '' && environment.TERM !== 'dumb'
}

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

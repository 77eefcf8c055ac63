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

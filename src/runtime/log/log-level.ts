export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

/**
 * Returns the level of a name in any case, those of Python's logging included; undefined for any other text.
 *
 * @example
 * logLevelOf('WARNING') // 'warn'
 */
export function logLevelOf(name: string): LogLevel | undefined {
  const given = name.trim().toLowerCase()
  const level = PYTHON_LEVELS[given] ?? given
  return LOG_LEVELS.find((known) => known === level)
}

/** Levels of Python's logging that have other names here. */
const PYTHON_LEVELS: { readonly [name: string]: LogLevel | undefined } = {
  notset: 'debug',
  warning: 'warn',
  critical: 'error',
  fatal: 'error',
}

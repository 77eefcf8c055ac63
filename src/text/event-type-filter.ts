import { compileGlob } from './glob.ts'

/**
 * One glob or several over event types. `!glob` excludes; a list of exclusions only includes everything else.
 */
export type EventTypePatterns = string | readonly string[]

/**
 * Compiles patterns to a test of event types. Exclusions win over inclusions.
 *
 * @example
 * const accepts = compileEventTypeFilter(['compute.instance.*', '!*.exists'])
 * accepts('compute.instance.update') // true
 */
export function compileEventTypeFilter(patterns: EventTypePatterns): (eventType: string) => boolean {
  const list = typeof patterns === 'string' ? [patterns] : patterns
  const excluded = list
    .filter((pattern) => pattern.startsWith('!'))
    .map((pattern) => compileGlob(pattern.slice(1)))
  const included = list.filter((pattern) => !pattern.startsWith('!')).map(compileGlob)
  const includesAll = included.length === 0
  return (eventType) =>
    (includesAll || included.some((matches) => matches(eventType))) &&
    !excluded.some((matches) => matches(eventType))
}

import { compileGlob } from './glob.ts'

/** A glob or several; `!glob` excludes, and only exclusions means everything else. */
export type EventTypePatterns = string | readonly string[]

/** Whether an event type is meant by the patterns; exclusions win over inclusions. */
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

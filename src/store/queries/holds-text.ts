import { type RawBuilder, sql } from 'kysely'

/**
 * Returns SQL for whether a column holds a text, in any case. A text with `*` or `?` is a pattern for the whole column;
 * any other may stand anywhere in it.
 */
export function holdsText(column: string, text: string): RawBuilder<boolean> {
  const wanted = text.toLowerCase()
  if (!/[*?]/.test(wanted)) return sql<boolean>`(instr(lower(${sql.ref(column)}), ${wanted}) > 0)`
  const pattern = wanted.replace(/[!%_]/g, '!$&').replaceAll('*', '%').replaceAll('?', '_')
  return sql<boolean>`(lower(${sql.ref(column)}) like ${pattern} escape '!')`
}

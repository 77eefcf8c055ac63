import { type RawBuilder, sql } from 'kysely'
import type { TextPattern } from '../../domain/text-pattern.ts'
import type { SqlDialect } from '../dialect.ts'

/** Returns SQL for whether a column is a text, or matches a pattern, byte for byte. */
export function matchesPattern(
  dialect: SqlDialect,
  column: string,
  pattern: string | TextPattern,
): RawBuilder<boolean> {
  const { text, isGlob, isNegated } = typeof pattern === 'string' ? plain(pattern) : pattern
  const matching = isGlob ? dialect.matchesGlob(sql.ref(column), text) : isText(column, text)
  return isNegated ? sql<boolean>`not (${matching})` : matching
}

function plain(text: string): TextPattern {
  return { text, isGlob: false, isNegated: false }
}

/** MySQL ignores trailing blanks in texts; a comparison of bytes does not. */
function isText(column: string, text: string): RawBuilder<boolean> {
  const bytes = Buffer.from(text).toString('hex').toUpperCase()
  return sql<boolean>`(${sql.ref(column)} = ${text} and hex(${sql.ref(column)}) = ${bytes})`
}

import { InvalidError } from '../../domain/errors.ts'
import { Literal, type SqlValue } from '../dialect.ts'

/** Matches the characters to escape between single quotes: the session has backslash escapes on. */
const SPECIAL = /['\\]/
const EACH_SPECIAL = /['\\]/g

/**
 * Returns a value as SQL of MySQL and MariaDB. Escapes only quotes and backslashes: the driver would also
 * escape every double quote of a JSON text, of which an event has a hundred. Throws InvalidError for NaN and
 * infinity.
 */
export function mysqlLiteral(value: SqlValue): string {
  if (value === null) return 'null'
  if (value instanceof Literal) return value.text
  if (typeof value === 'string') {
    return SPECIAL.test(value) ? `'${value.replace(EACH_SPECIAL, '\\$&')}'` : `'${value}'`
  }
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new InvalidError(`${value} cannot be stored; expected a finite number`)
    return String(value)
  }
  return `x'${value.toString('hex')}'`
}

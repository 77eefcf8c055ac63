import { InvalidError } from '../../domain/errors.ts'
import { Literal, type SqlValue } from '../dialect.ts'

/** What must not stand as it is between single quotes, with backslash escapes on, as the session has them. */
const SPECIAL = /['\\]/
const EACH_SPECIAL = /['\\]/g

/**
 * A value as SQL of MySQL and MariaDB. Only quotes and backslashes are escaped: the driver's own escaping also
 * takes every double quote of a JSON text, of which there are a hundred in an event.
 */
export function mysqlLiteral(value: SqlValue): string {
  if (value === null) return 'null'
  if (value instanceof Literal) return value.text
  if (typeof value === 'string') {
    return SPECIAL.test(value) ? `'${value.replace(EACH_SPECIAL, '\\$&')}'` : `'${value}'`
  }
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new InvalidError(`${value} is no number that a database takes`)
    return String(value)
  }
  return `x'${value.toString('hex')}'`
}

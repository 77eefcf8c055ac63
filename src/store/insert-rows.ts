import { CompiledQuery } from 'kysely'
import { InvalidError } from '../domain/errors.ts'
import type { SqlDialect, SqlValue } from './dialect.ts'
import type { Executor, Tables } from './schema/schema.ts'

export type Row = { readonly [column: string]: SqlValue }

/**
 * Inserts rows, all with the same columns, in as few statements as the server allows. Returns their ids in
 * the order of the rows, where the table has ids that count up. Building the SQL text here costs a fraction
 * of what a query builder takes for thousands of values.
 */
export async function insertRows(
  db: Executor,
  dialect: SqlDialect,
  table: keyof Tables,
  rows: readonly Row[],
  suffix = '',
): Promise<number[]> {
  const [first] = rows
  if (!first) return []
  const columns = Object.keys(first)
  const head = `insert into ${table} (${columns.map((column) => `\`${column}\``).join(', ')}) values `
  const ids: number[] = []
  for (const { tuples, parameters, count } of statements(rows, columns, dialect)) {
    const result = await db.executeQuery(CompiledQuery.raw(`${head}${tuples} ${suffix}`, parameters))
    const id = dialect.firstId(result.insertId ?? 0n, count)
    for (let at = 0; at < count; at++) ids.push(id + at * dialect.idStep)
  }
  return ids
}

/**
 * Inserts rows; existing rows of the same key get the new values of the `update` columns (none: no change).
 */
export async function upsertRows(
  db: Executor,
  dialect: SqlDialect,
  table: keyof Tables,
  rows: readonly Row[],
  keys: readonly string[],
  update: readonly string[],
): Promise<void> {
  await insertRows(db, dialect, table, rows, dialect.onExistingKey(keys, update))
}

/**
 * The rows of one statement: as literals where the dialect has them, else as placeholders with parameters.
 */
type Statement = { readonly tuples: string; readonly parameters: SqlValue[]; readonly count: number }

/**
 * Splits rows into statements within the server's limits of parameters and bytes. Throws InvalidError for a
 * row that alone is above the limit of bytes.
 */
function* statements(
  rows: readonly Row[],
  columns: readonly string[],
  dialect: SqlDialect,
): Generator<Statement> {
  const { literal, maxParameters, maxStatementBytes } = dialect
  const places = `(${columns.map(() => '?').join(',')})`
  let tuples = ''
  let parameters: SqlValue[] = []
  let count = 0
  let bytes = 0
  for (const row of rows) {
    const values = columns.map((column) => row[column] as SqlValue)
    const texts = literal ? values.map(literal) : undefined
    const size = sizeOfValues(texts ?? values)
    if (size > maxStatementBytes) {
      throw new InvalidError(
        `a row of ${size} bytes is too large; expected at most ${maxStatementBytes} in one statement`,
      )
    }
    const isFull = bytes + size > maxStatementBytes || parameters.length + values.length > maxParameters
    if (count > 0 && isFull) {
      yield { tuples, parameters, count }
      tuples = ''
      parameters = []
      count = 0
      bytes = 0
    }
    if (count > 0) tuples += ','
    tuples += texts ? tupleOf(texts) : places
    if (!texts) parameters.push(...values)
    count++
    bytes += size
  }
  yield { tuples, parameters, count }
}

/** Joins literals by concatenation, which unlike `join` does not copy long ones. */
function tupleOf(texts: readonly string[]): string {
  let tuple = ''
  for (const text of texts) tuple += tuple === '' ? `(${text}` : `,${text}`
  return `${tuple})`
}

/** Returns an upper bound of the bytes of a row, as literals or as parameters. */
function sizeOfValues(values: readonly SqlValue[]): number {
  let bytes = 2
  for (const value of values) {
    if (typeof value === 'string') bytes += sizeOfText(value) + 1
    else bytes += Buffer.isBuffer(value) ? value.length : 24
  }
  return bytes
}

/** Returns an upper bound of the UTF-8 bytes of a text. */
function sizeOfText(text: string): number {
  return text.length < 10_000 ? text.length * 3 : Buffer.byteLength(text)
}

import { CompiledQuery } from 'kysely'
import { InvalidError } from '../domain/errors.ts'
import { Literal, type SqlDialect, type SqlValue } from './dialect.ts'
import type { Executor, Tables } from './schema.ts'

export type Row = { readonly [column: string]: SqlValue }

/**
 * Inserts rows in as few statements as the server allows; answers their ids where the table counts them up.
 * All rows have the same columns. Building the text here costs a fraction of what a query builder takes for
 * thousands of values.
 */
export async function insertRows(
  db: Executor,
  dialect: SqlDialect,
  table: keyof Tables,
  rows: readonly Row[],
  suffix = '',
): Promise<number[]> {
  const ids: number[] = []
  for (const part of split(rows, dialect)) {
    const columns = Object.keys(part[0] as Row)
    const names = columns.map((column) => `\`${column}\``).join(', ')
    const { tuples, parameters } = valuesOf(part, columns, dialect)
    const text = `insert into ${table} (${names}) values ${tuples} ${suffix}`
    const result = await db.executeQuery(CompiledQuery.raw(text, parameters))
    const first = dialect.firstId(result.insertId ?? 0n, part.length)
    for (let at = 0; at < part.length; at++) ids.push(first + at * dialect.idStep)
  }
  return ids
}

/** The rows as SQL: literals where the dialect has them, else places for parameters. */
function valuesOf(
  rows: readonly Row[],
  columns: readonly string[],
  { literal }: SqlDialect,
): { readonly tuples: string; readonly parameters: SqlValue[] } {
  if (literal) {
    let tuples = ''
    for (const row of rows) {
      let tuple = ''
      for (const column of columns) tuple += `${tuple === '' ? '' : ','}${literal(row[column] as SqlValue)}`
      tuples += `${tuples === '' ? '' : ','}(${tuple})`
    }
    return { tuples, parameters: [] }
  }
  const tuple = `(${columns.map(() => '?').join(', ')})`
  return {
    tuples: rows.map(() => tuple).join(', '),
    parameters: rows.flatMap((row) => columns.map((column) => row[column] as SqlValue)),
  }
}

/** Inserts rows; where a key exists, the `update` columns take the new values (none: nothing changes). */
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

/** Parts that stay below the server's limits of values and of bytes. */
function* split(rows: readonly Row[], dialect: SqlDialect): Generator<Row[]> {
  let part: Row[] = []
  let values = 0
  let bytes = 0
  for (const row of rows) {
    const size = sizeOf(row)
    if (size > dialect.maxStatementBytes) {
      throw new InvalidError(`a row of ${size} bytes is more than the database takes in one statement`)
    }
    const width = Object.keys(row).length
    if (
      part.length > 0 &&
      (values + width > dialect.maxParameters || bytes + size > dialect.maxStatementBytes)
    ) {
      yield part
      part = []
      values = 0
      bytes = 0
    }
    part.push(row)
    values += width
    bytes += size
  }
  if (part.length > 0) yield part
}

/** An upper bound of the bytes that a row takes in a statement, before escaping. */
function sizeOf(row: Row): number {
  let bytes = 0
  for (const value of Object.values(row)) {
    if (typeof value === 'string') bytes += sizeOfText(value)
    else if (value instanceof Literal) bytes += sizeOfText(value.text)
    else if (Buffer.isBuffer(value)) bytes += value.length * 2
    else bytes += 24
  }
  return bytes
}

function sizeOfText(text: string): number {
  return text.length < 10_000 ? text.length * 3 : Buffer.byteLength(text)
}

import { type AliasedRawBuilder, sql } from 'kysely'
import type { ReadLimits } from '../ports/queries.ts'

/** Longest text, in bytes, that is read with its row: the thousand of a page come to 4 MB. */
const SHORT = 4096
/** Limits of a portion of texts, in rows and in bytes; a text that is longer is a portion of its own. */
const MOST_ROWS = 1000
const MOST_BYTES = 4 * 1024 * 1024

/**
 * A row whose text is null when it is long and not read yet; `bytes` is the length of the text in both cases.
 */
export type Listed = { readonly id: number; text: string | null; readonly bytes: number }
export type WithText<R extends Listed> = R & { readonly text: string }

/** Reads texts by the ids of their rows. */
type ReadTexts = (
  ids: readonly number[],
) => Promise<readonly { readonly id: number; readonly text: string }[]>

/** Returns the columns `text` and `bytes` of a listed row. */
export function listedText(
  column: string,
): [AliasedRawBuilder<string | null, 'text'>, AliasedRawBuilder<number, 'bytes'>] {
  const bytes = sql<number>`octet_length(${sql.ref(column)})`
  return [
    sql<string | null>`case when ${bytes} <= ${sql.lit(SHORT)} then ${sql.ref(column)} end`.as('text'),
    bytes.as('bytes'),
  ]
}

/** Returns as many of the first rows as have texts of `maxBytes` together; one at least. */
export function fitting<R extends Listed>(
  rows: readonly R[],
  { maxBytes = Infinity }: ReadLimits,
): readonly R[] {
  let bytes = 0
  const end = rows.findIndex((row, index) => {
    bytes += Number(row.bytes)
    return bytes > maxBytes && index > 0
  })
  return end < 0 ? rows : rows.slice(0, end)
}

/**
 * Yields rows with their texts, in their order and in portions of bounded size; rows deleted meanwhile are
 * left out. Calls `admit` with the bytes of each portion before reading it, and waits for the promise.
 */
export async function* withTexts<R extends Listed>(
  rows: readonly R[],
  read: ReadTexts,
  { admit }: ReadLimits = {},
): AsyncGenerator<readonly WithText<R>[]> {
  for (const portion of portionsOf(rows)) {
    await admit?.(portion.reduce((sum, { bytes }) => sum + Number(bytes), 0))
    const long = portion.filter(({ text }) => text === null)
    if (long.length === 0) yield portion as readonly WithText<R>[]
    else yield await readLong(portion, long, read)
  }
}

async function readLong<R extends Listed>(
  portion: readonly R[],
  long: readonly R[],
  read: ReadTexts,
): Promise<WithText<R>[]> {
  const texts = await read(long.map(({ id }) => id))
  const byId = new Map(texts.map(({ id, text }) => [Number(id), text]))
  for (const row of long) row.text = byId.get(row.id) ?? null
  return portion.filter((row): row is WithText<R> => row.text !== null)
}

function* portionsOf<R extends Listed>(rows: readonly R[]): Generator<readonly R[]> {
  for (let start = 0, end = 0, bytes = 0; start < rows.length; start = end, bytes = 0) {
    for (; end < rows.length && end - start < MOST_ROWS; end++) {
      const more = Number((rows[end] as R).bytes)
      if (end > start && bytes + more > MOST_BYTES) break
      bytes += more
    }
    yield rows.slice(start, end)
  }
}

import { decodeNotification } from '../../distiller/decode-notification.ts'
import { readableTime } from '../../distiller/distiller.ts'
import type { Notification } from '../../domain/notification.ts'
import type { Micros } from '../../domain/time.ts'
import { type FileIndex, type IndexBlock, readIndex } from '../file-index/file-index.ts'
import { mayHold } from '../file-index/id-filter.ts'
import type { ReadRecord } from '../format.ts'
import { publishedBody } from './published-body.ts'
import { type FilePart, type ReadOptions, readRecords } from './read-records.ts'

/** Which notifications are wanted. What is no notification, or has no time where one is asked for, is not. */
export type RecordFilter = {
  /** only notifications of this time and later, by their own timestamps */
  readonly from?: Micros | undefined
  /** only notifications before this time */
  readonly to?: Micros | undefined
  readonly acceptsType?: ((eventType: string) => boolean) | undefined
  /** texts that the notification must have among its values; each has to be findable: see id-filter.ts */
  readonly texts?: readonly string[] | undefined
  readonly accepts?: ((notification: Notification) => boolean) | undefined
}

/**
 * Yields the wanted records of a file, as readRecords does. Where the file has an index, only those parts are read
 * that may have some.
 */
export async function* selectRecords(
  path: string,
  filter: RecordFilter,
  options: ReadOptions = {},
): AsyncGenerator<readonly ReadRecord[]> {
  const index = isFilter(filter) ? await readIndex(path) : undefined
  yield* selectByIndex(path, index, filter, options)
}

/** Yields the wanted records of a file whose index, or that it has none, is known. */
export async function* selectByIndex(
  path: string,
  index: FileIndex | undefined,
  filter: RecordFilter,
  options: ReadOptions = {},
): AsyncGenerator<readonly ReadRecord[]> {
  if (!isFilter(filter)) return yield* readRecords(path, options)
  const isWanted = wantedBy(filter)
  const parts = index && partsOf(index, filter)
  for await (const records of readRecords(path, parts ? { ...options, parts } : options)) {
    const wanted = records.filter(isWanted)
    if (wanted.length > 0) yield wanted
  }
}

/** Whether a filter leaves anything out. */
function isFilter(filter: RecordFilter): boolean {
  return Object.values(filter).some((part) => part !== undefined)
}

/** Returns a test of records. */
function wantedBy(filter: RecordFilter): (record: ReadRecord) => boolean {
  const { from, to, acceptsType, accepts } = filter
  return ({ payload }) => {
    const decoded = decodeNotification(publishedBody(payload))
    if (!decoded.ok) return false
    const { notification } = decoded
    if (acceptsType && !acceptsType(notification.event_type)) return false
    if (from !== undefined || to !== undefined) {
      const time = readableTime(notification)
      if (time === undefined || time < (from ?? -Infinity) || time >= (to ?? Infinity)) return false
    }
    return accepts?.(notification) ?? true
  }
}

/** Returns the parts that may have wanted records; undefined where the file can be read as a whole only. */
function partsOf(
  { blocks, bytes, plainBytes }: FileIndex,
  filter: RecordFilter,
): readonly FilePart[] | undefined {
  const wanted = blocks.filter((block) => mayMatch(block, filter))
  if (wanted.length === 0) return []
  const isWhole = ({ at, length, plainLength }: IndexBlock) =>
    at === 0 && length === bytes && plainLength < plainBytes
  return wanted.some(isWhole) ? undefined : wanted
}

function mayMatch(block: IndexBlock, { from, to, acceptsType, texts = [] }: RecordFilter): boolean {
  if (from !== undefined && (block.last === null || block.last < from)) return false
  if (to !== undefined && (block.first === null || block.first >= to)) return false
  if (acceptsType && !Object.keys(block.types).some(acceptsType)) return false
  return texts.every((text) => mayHold(block.ids, text))
}

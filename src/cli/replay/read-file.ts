import type { Metadata } from '../../archive/archive.ts'
import type { ReadRecord } from '../../archive/format.ts'
import { type FileKind, fileKindOf } from '../../archive/reader/file-kind.ts'
import { publishedBody } from '../../archive/reader/published-body.ts'
import { readRecords } from '../../archive/reader/read-records.ts'
import { type RecordFilter, selectRecords } from '../../archive/reader/select-records.ts'
import { formatPosition } from '../../domain/errors.ts'
import { parseIso } from '../../domain/time.ts'
import type { RawRecord, ReadFile } from '../../replay/records/record.ts'
import { isJsonBytes } from '../../text/json-bytes.ts'
import { readJsonTexts } from '../read-json-texts.ts'

export type FileReading = {
  /** what an index lets pass over; records that it does not want may be yielded all the same */
  readonly filter: RecordFilter
  /** called with a file, and how many bytes of it have been read */
  readonly onProgress?: (file: string, bytesRead: number) => void
  /** called for bytes of a binary file that are no record */
  readonly onDamage?: (file: string, at: number, reason: string) => void
}

/**
 * Returns a reader of files of an archive, lines or binary, packed or not, and of other files of notifications, which it
 * reads as `stv3 explain` and `stv3 publish` do.
 */
export function createFileReader({ filter, onProgress, onDamage }: FileReading): ReadFile {
  return async function* (file, signal) {
    const kind = file === '-' ? undefined : await fileKindOf(file)
    if (!kind || !(await isOfArchive(file, kind))) return yield* textRecords(file, signal)
    const options = {
      kind,
      signal,
      onProgress: (bytes: number) => onProgress?.(file, bytes),
      onDamage: ({ at, reason }: { at: number; reason: string }) => onDamage?.(file, at, reason),
    }
    for await (const records of selectRecords(file, filter, options))
      yield records.filter(({ payload }) => payload.length > 0).map((record) => rawRecord(file, record))
  }
}

/** Whether a file holds records that stand by themselves: it is binary, or its first line is one JSON object. */
async function isOfArchive(file: string, kind: FileKind): Promise<boolean> {
  if (kind.form === 'shoebox') return true
  for await (const [first] of readRecords(file, { kind })) {
    if (!first) continue
    const { payload } = first
    return payload[0] === BRACE && isJsonBytes(payload) && !payload.includes('"payload_encoding"')
  }
  return false
}

const BRACE = 0x7b

function rawRecord(file: string, { payload, metadata, at: begin, length }: ReadRecord): RawRecord {
  const own = { begin, end: begin + length }
  const place = () => `${file}, byte ${begin}`
  if (metadata.length === 0) return { payload: publishedBody(payload), ...own, place }
  const received = fact(metadata, 'received_at')
  return {
    payload: publishedBody(payload),
    queue: fact(metadata, 'queue'),
    receivedAt: received === undefined ? undefined : parseIso(received),
    ...own,
    place,
  }
}

function fact(metadata: Metadata, wanted: string): string | undefined {
  return metadata.find(([name]) => name === wanted)?.[1]
}

/** Records that are yielded together. */
const AT_A_TIME = 100

async function* textRecords(file: string, signal: AbortSignal): AsyncGenerator<readonly RawRecord[]> {
  let records: RawRecord[] = []
  let end = 0
  for await (const { text, bytes, place } of readJsonTexts(file, signal)) {
    const begin = end++
    records.push({ payload: bytes ?? Buffer.from(text), begin, end, place: () => formatPosition(place()) })
    if (records.length < AT_A_TIME) continue
    yield records
    records = []
  }
  if (records.length > 0) yield records
}

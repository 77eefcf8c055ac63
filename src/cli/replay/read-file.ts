import { formatPosition } from '../../domain/errors.ts'
import type { RawRecord, ReadFile } from '../../replay/records/record.ts'
import { readJsonTexts } from '../read-json-texts.ts'

/** Records that are yielded together. */
const AT_A_TIME = 100

/** Reads the notifications of a file of text as `stv3 explain` and `stv3 publish` do. */
export const readTextFile: ReadFile = async function* (file, signal) {
  let records: RawRecord[] = []
  for await (const { text, bytes, place } of readJsonTexts(file, signal)) {
    records.push({ payload: bytes ?? Buffer.from(text), place: () => formatPosition(place()) })
    if (records.length < AT_A_TIME) continue
    yield records
    records = []
  }
  if (records.length > 0) yield records
}

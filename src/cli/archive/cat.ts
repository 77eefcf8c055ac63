import { isUtf8 } from 'node:buffer'
import type { ReadRecord } from '../../archive/format.ts'
import { joined, jsonOf } from '../../archive/lines/line-format.ts'
import { findFiles, isUnfinished } from '../../archive/reader/find-files.ts'
import { type RecordFilter, selectRecords } from '../../archive/reader/select-records.ts'
import { messageOf } from '../../domain/errors.ts'
import { stringifyJson } from '../../text/json.ts'
import { isJsonBytes } from '../../text/json-bytes.ts'
import { printBytes, printData, printNote } from '../program.ts'

const LINE_FEED = 10

/**
 * Prints the wanted records of files, one a line. Damage is reported on standard error, and what can be read is printed
 * all the same. Returns whether all of the files could be read.
 */
export async function catFiles(
  paths: readonly string[],
  filter: RecordFilter,
  asJson: boolean,
): Promise<boolean> {
  let areWhole = true
  let lines = new Lines()
  for (const file of await findFiles(paths)) {
    const onDamage = ({ at, length, reason }: { at: number; length: number; reason: string }) => {
      if (isUnfinished(file)) return
      areWhole = false
      printNote(`${file}: at byte ${at}: ${reason} (${length} bytes)`)
    }
    try {
      for await (const records of selectRecords(file, filter, { onDamage })) {
        if (asJson) await printData(records.map(jsonLine).join(''))
        else if (!(await printBytes(lines.of(records)))) lines = new Lines()
      }
    } catch (error) {
      areWhole = false
      printNote(messageOf(error))
    }
  }
  return areWhole
}

function jsonLine({ metadata, payload }: ReadRecord): string {
  const body = isUtf8(payload)
    ? { payload: payload.toString() }
    : { payload_base64: payload.toString('base64') }
  return `${stringifyJson({ metadata: Object.fromEntries(metadata), ...body })}\n`
}

/** Payloads as lines, in a buffer that is used again and again: each new one costs the collection of the old one. */
class Lines {
  #buffer = Buffer.allocUnsafe(0)

  /** Returns the lines; they are there until the next call. */
  of(records: readonly ReadRecord[]): Buffer {
    const lines = records.map(({ payload }) => oneLine(payload))
    const size = lines.reduce((sum, { length }) => sum + length + 1, 0)
    if (size > this.#buffer.length) this.#buffer = Buffer.allocUnsafeSlow(size)
    let at = 0
    for (const line of lines) {
      at += line.copy(this.#buffer, at)
      this.#buffer[at++] = LINE_FEED
    }
    return this.#buffer.subarray(0, at)
  }
}

/** Returns a payload as an archive of lines has it. */
function oneLine(payload: Buffer): Buffer {
  if (!payload.includes(LINE_FEED)) return payload
  const line = jsonOf({ body: payload, isJson: isJsonBytes(payload) })
  return Buffer.isBuffer(line) ? line : joined(line)
}

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
  for (const file of await findFiles(paths)) {
    const onDamage = ({ at, length, reason }: { at: number; length: number; reason: string }) => {
      if (isUnfinished(file)) return
      areWhole = false
      printNote(`${file}: at byte ${at}: ${reason} (${length} bytes)`)
    }
    try {
      for await (const records of selectRecords(file, filter, { onDamage })) {
        if (asJson) await printData(records.map(jsonLine).join(''))
        else await printBytes(linesOf(records))
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

/** Returns payloads as lines, in one buffer. */
function linesOf(records: readonly ReadRecord[]): Buffer {
  const lines = records.map(({ payload }) => oneLine(payload))
  const all = Buffer.allocUnsafe(lines.reduce((sum, { length }) => sum + length + 1, 0))
  let at = 0
  for (const line of lines) {
    at += line.copy(all, at)
    all[at++] = LINE_FEED
  }
  return all
}

/** Returns a payload as an archive of lines has it. */
function oneLine(payload: Buffer): Buffer {
  if (!payload.includes(LINE_FEED)) return payload
  const line = jsonOf({ body: payload, isJson: isJsonBytes(payload) })
  return Buffer.isBuffer(line) ? line : joined(line)
}

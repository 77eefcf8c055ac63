import { createHash } from 'node:crypto'
import { stat } from 'node:fs/promises'
import { basename } from 'node:path'
import { timeOfBody } from '../../distiller/time-of-body.ts'
import { messageOf } from '../../domain/errors.ts'
import { MICROS_PER_HOUR, type Micros, parseIso } from '../../domain/time.ts'
import { readIndex } from '../file-index/file-index.ts'
import type { ReadRecord } from '../format.ts'
import { fileKindOf } from './file-kind.ts'
import { isUnfinished } from './find-files.ts'
import { publishedBody } from './published-body.ts'
import { readRecords } from './read-records.ts'

/** What was found out about a file. */
export type FileVerdict = {
  readonly file: string
  readonly bytes: number
  readonly records: number
  /** number of records that are no notification, empty ones among them */
  readonly unread: number
  /** SHA-256 of the content, as hex digits */
  readonly sha256: string
  /** what is wrong with the file, a sentence each */
  readonly faults: readonly string[]
  /** number of notifications that are older than one before them, and by how much at most */
  readonly late: number
  readonly latestBy: Micros
}

const MOST_DAMAGES = 20

/**
 * Reads a file to its end: whether it can be unpacked, whether its content is that of its checksums, whether all of
 * it are records, and in which order they are. `onRecords` is called with the records.
 */
export async function verifyFile(
  file: string,
  onRecords?: (records: readonly ReadRecord[]) => Promise<void>,
): Promise<FileVerdict> {
  const kind = await fileKindOf(file)
  const hash = createHash('sha256')
  const order = new Order()
  const faults: string[] = []
  let [records, damages] = [0, 0]
  try {
    const reading = readRecords(file, {
      kind,
      onBytes: (bytes) => hash.update(bytes),
      onDamage: ({ at, length, reason }) => {
        damages++
        if (damages <= MOST_DAMAGES) faults.push(`at byte ${at}: ${reason} (${length} bytes)`)
      },
    })
    for await (const some of reading) {
      records += some.length
      for (const { payload } of some) order.add(payload)
      await onRecords?.(some)
    }
  } catch (error) {
    faults.push(messageOf(error))
  }
  if (damages > MOST_DAMAGES) faults.push(`${damages - MOST_DAMAGES} more places are damaged`)
  // The end of a file that is being written may be half of a record.
  if (isUnfinished(file) && kind.form === 'shoebox' && damages === 1) faults.shift()
  const sha256 = hash.digest('hex')
  faults.push(...(await checksumFaults(file, sha256)))
  const { size: bytes } = await stat(file)
  const { unread, late, latestBy } = order
  return { file, bytes, records, unread, sha256, faults, late, latestBy }
}

async function checksumFaults(file: string, sha256: string): Promise<string[]> {
  const faults: string[] = []
  const [named] = /(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])/.exec(basename(file)) ?? []
  if (named !== undefined && named !== sha256)
    faults.push(`the SHA-256 of its content is ${sha256}, not that of its name`)
  const index = await readIndex(file)
  if (index && index.sha256 !== sha256)
    faults.push(`the SHA-256 of its content is ${sha256}, not that of its index`)
  return faults
}

/** A notification that is so much later than all before it is looked at closely. */
const LEAP: Micros = MICROS_PER_HOUR
/** So many notifications at the begin of a file are looked at closely. */
const FIRST = 200

/** Whether notifications come in the order of their timestamps. */
class Order {
  unread = 0
  late = 0
  latestBy: Micros = 0
  #newest: Micros = -Infinity
  #count = 0
  /** whether the likely time was the right one so far */
  #isLikely = true

  add(payload: Buffer): void {
    const guess = this.#isLikely ? likelyTime(payload) : undefined
    // Most follow upon each other; only the others are worth parsing.
    const isNext = guess !== undefined && guess >= this.#newest && guess < this.#newest + LEAP
    const time = isNext && this.#count > FIRST ? guess : timeOfBody(publishedBody(payload))
    if (this.#count++ <= FIRST && guess !== time) this.#isLikely = false
    if (time === undefined) this.unread++
    else if (time >= this.#newest) this.#newest = time
    else {
      this.late++
      this.latestBy = Math.max(this.latestBy, this.#newest - time)
    }
  }
}

const NAME = Buffer.from('"timestamp')
const LONGEST_TIME = 40

/** Returns the last value in a payload that is called timestamp and is a time. */
function likelyTime(payload: Buffer): Micros | undefined {
  const at = payload.lastIndexOf(NAME)
  if (at < 0) return undefined
  const behind = payload.toString('latin1', at + NAME.length, at + NAME.length + LONGEST_TIME)
  const [, text] = /^\\?"\s*:\s*\\?"([^"\\]+)/.exec(behind) ?? []
  return text === undefined ? undefined : parseIso(text)
}

import { signed64 } from './byte-reader.ts'
import { DEFAULT_SEVERITY } from './message.ts'

/** Numbers of the texts of a message in protobuf. */
export const UUID = 1
export const TYPE = 3
export const LOGGER = 4
export const PAYLOAD = 6
export const ENV_VERSION = 7
export const HOSTNAME = 9

/** The texts by the names that people write, but for the id, which is no text. */
export const TEXTS: ReadonlyMap<string, number> = new Map([
  ['Type', TYPE],
  ['Logger', LOGGER],
  ['Payload', PAYLOAD],
  ['EnvVersion', ENV_VERSION],
  ['Hostname', HOSTNAME],
])

const ABSENT = -1
const SCALARS = 10

/**
 * Where the parts of an encoded message stand in its bytes. One view serves for many messages: scanMessage() fills it
 * again. It is valid as long as the bytes are.
 */
export class MessageView {
  bytes: Buffer = Buffer.alloc(0)
  /** begin and end of each text by its number, -1 where absent */
  readonly spans = new Int32Array(2 * SCALARS).fill(ABSENT)
  timestampLow = 0
  timestampHigh = 0
  hasTimestamp = false
  severity = DEFAULT_SEVERITY
  hasSeverity = false
  pid = 0
  hasPid = false
  /** begin and end of each field, `fieldCount` times */
  fieldSpans = new Int32Array(64)
  fieldCount = 0
  /** begin and end of what is not known, one after the other */
  unknown: number[] = []
  /** whether encoding the message again gives the same bytes */
  isCanonical = true

  /** Forgets the message before. */
  begin(bytes: Buffer): void {
    this.bytes = bytes
    this.spans.fill(ABSENT)
    this.hasTimestamp = this.hasSeverity = this.hasPid = false
    this.timestampLow = this.timestampHigh = this.pid = this.fieldCount = 0
    this.severity = DEFAULT_SEVERITY
    if (this.unknown.length > 0) this.unknown = []
    this.isCanonical = true
  }

  /** The time of the message in nanoseconds since 1970, 0 where it has none. */
  get timestamp(): bigint {
    return signed64(this.timestampLow, this.timestampHigh)
  }

  has(text: number): boolean {
    return (this.spans[2 * text] as number) !== ABSENT
  }

  /** Returns the bytes of a text, which are those of the message itself; undefined where it is absent. */
  text(number: number): Buffer | undefined {
    if (!this.has(number)) return undefined
    return this.bytes.subarray(this.spans[2 * number], this.spans[2 * number + 1])
  }

  /** Whether it has what is needed to relay it: a host, and a payload or fields; each may be empty. */
  get isComplete(): boolean {
    return this.has(HOSTNAME) && (this.has(PAYLOAD) || this.fieldCount > 0)
  }

  addField(from: number, end: number): void {
    const index = 2 * this.fieldCount++
    if (index + 1 >= this.fieldSpans.length) {
      const grown = new Int32Array(2 * this.fieldSpans.length)
      grown.set(this.fieldSpans)
      this.fieldSpans = grown
    }
    this.fieldSpans[index] = from
    this.fieldSpans[index + 1] = end
  }
}

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'

/** A line of a corpus: one part, or several to be concatenated. */
type Line = Part | readonly Part[]
type Part = string | { readonly hex: string } | { readonly repeat: Part; readonly times: number }

/**
 * Reads `test/corpus/NAME.jsonl`: inputs that once did harm, or are of a kind that does. Each line is a JSON
 * text, or an array of texts, `{"hex": …}` and `{"repeat": …, "times": …}`. An input that a fuzz test finds
 * is added as a line.
 */
export function corpusOf(name: string): Buffer[] {
  const path = join(import.meta.dirname, '..', 'corpus', `${name}.jsonl`)
  return readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => bytesOfLine(JSON.parse(line)))
}

function bytesOfLine(line: Line): Buffer {
  return Array.isArray(line) ? Buffer.concat(line.map(bytesOf)) : bytesOf(line as Part)
}

function bytesOf(part: Part): Buffer {
  if (typeof part === 'string') return Buffer.from(part)
  if ('hex' in part) return Buffer.from(part.hex, 'hex')
  const repeated = bytesOf(part.repeat)
  return Buffer.alloc(repeated.length * part.times, repeated)
}

type Change = {
  readonly kind: 'flip' | 'cut' | 'double' | 'insert' | 'splice'
  /** position as a fraction of the whole */
  readonly at: number
  readonly length: number
  readonly bytes: Uint8Array
  readonly other: Buffer
}

/**
 * Generates inputs near those of a corpus: bytes changed, cut out, doubled or inserted, or the end replaced
 * by that of another input.
 */
export function nearCorpus(corpus: readonly Buffer[]): fc.Arbitrary<Buffer> {
  const change: fc.Arbitrary<Change> = fc.record({
    kind: fc.constantFrom('flip', 'cut', 'double', 'insert', 'splice'),
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    length: fc.integer({ min: 1, max: 40 }),
    bytes: fc.uint8Array({ minLength: 1, maxLength: 6 }),
    other: fc.constantFrom(...corpus),
  })
  return fc
    .tuple(fc.constantFrom(...corpus), fc.array(change, { minLength: 1, maxLength: 4 }))
    .map(([whole, changes]) => told(changes.reduce(changed, whole)))
}

/** Makes fast-check print the input of a failed test as a line of the corpus. */
function told(bytes: Buffer): Buffer {
  const text = bytes.toString()
  const isText = Buffer.from(text).equals(bytes)
  const line = isText ? JSON.stringify(text) : JSON.stringify([{ hex: bytes.toString('hex') }])
  return Object.assign(bytes.subarray(), { [fc.toStringMethod]: () => line })
}

function changed(whole: Buffer, { kind, at, length, bytes, other }: Change): Buffer {
  const start = Math.floor(at * whole.length)
  const before = whole.subarray(0, start)
  const after = whole.subarray(start)
  switch (kind) {
    case 'flip':
      return Buffer.concat([before, bytes, after.subarray(bytes.length)])
    case 'cut':
      return Buffer.concat([before, after.subarray(length)])
    case 'double':
      return Buffer.concat([before, after.subarray(0, length), after])
    case 'insert':
      return Buffer.concat([before, bytes, after])
    case 'splice':
      return Buffer.concat([before, other.subarray(Math.floor(at * other.length))])
  }
}

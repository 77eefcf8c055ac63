import { isUtf8 } from 'node:buffer'
import type { Position } from '../domain/errors.ts'
import { faultInJson } from '../text/json-bytes.ts'
import type { TextPart } from '../text/json-extent.ts'
import type { NumberedLine } from './read-lines.ts'

/** A JSON object of a file, or what stands in the place of one. */
export type JsonText = {
  /** the line on which it begins, from 1 */
  readonly number: number
  /** the text on one line */
  readonly text: string
  /** the bytes of a text that is not UTF-8, whose text has U+FFFD in place of some */
  readonly bytes?: Buffer | undefined
  /** Returns where the text ceases to be JSON; where it begins if it is JSON. */
  place(): Position
}

/** A line of a file, or the part of one that begins at a column. */
export type Piece = {
  readonly number: number
  /** number of characters before the piece on its line */
  readonly column: number
  /** number of blanks with which the line begins */
  readonly indent: number
  readonly text: string
  /** whether each character of the text stands for a byte, since the line is not UTF-8 */
  readonly isBytes: boolean
}

/** Returns a line as a piece. */
export function pieceOf({ number, text, bytes }: NumberedLine): Piece {
  const isBytes = bytes !== undefined
  return { number, column: 0, indent: text.search(/\S|$/), text: isBytes ? latinOf(bytes) : text, isBytes }
}

/** Returns the part of a piece from one index to another. */
export function partOf(piece: Piece, from: number, to = piece.text.length): Piece {
  return { ...piece, column: piece.column + from, text: piece.text.slice(from, to) }
}

/** Returns the text of pieces, of which all but the first begin a line. */
export function joined(pieces: readonly Piece[]): string {
  return alike(pieces)
    .map(({ text }) => text)
    .join('\n')
}

/** Returns a whole line as a text. */
export function lineText(file: string, { number, text, bytes }: NumberedLine): JsonText {
  return { number, text, bytes, place: () => placeIn(file, [{ number, column: 0 }], Buffer.from(text)) }
}

/** Returns all of joined pieces as one text. */
export function wholeText(file: string, pieces: readonly Piece[]): JsonText {
  const text = joined(pieces)
  const at = text.search(/\S|$/)
  return placed(file, pieces, [{ at, text: text.trim() }])[0] as JsonText
}

/** Returns parts of joined pieces, in order, with their places. */
export function placed(file: string, pieces: readonly Piece[], parts: readonly TextPart[]): JsonText[] {
  const all = alike(pieces)
  let [index, begin] = [0, 0]
  return parts.map(({ at, text }) => {
    for (;;) {
      const end = begin + (all[index] as Piece).text.length
      if (at <= end) break
      begin = end + 1
      index++
    }
    return jsonText(file, all, index, at - begin, text)
  })
}

/** `index` is that of the piece in which the text begins, `offset` that of the text in it. */
function jsonText(
  file: string,
  pieces: readonly Piece[],
  index: number,
  offset: number,
  text: string,
): JsonText {
  const { number, column, isBytes } = pieces[index] as Piece
  const place = () => {
    const others = pieces.slice(index + 1)
    const bytes = Buffer.from(text, isBytes ? 'latin1' : 'utf8')
    return placeIn(file, [{ number, column: column + offset }, ...others], bytes)
  }
  const line = onOneLine(text)
  if (!isBytes) return { number, text: line, place }
  const bytes = Buffer.from(line, 'latin1')
  return { number, text: bytes.toString(), ...(isUtf8(bytes) ? {} : { bytes }), place }
}

/** Returns pieces of which all or none have their text as bytes. */
function alike(pieces: readonly Piece[]): readonly Piece[] {
  if (!pieces.some(({ isBytes }) => isBytes)) return pieces
  return pieces.map((piece) =>
    piece.isBytes ? piece : { ...piece, text: latinOf(Buffer.from(piece.text)), isBytes: true },
  )
}

function latinOf(bytes: Buffer): string {
  return bytes.toString('latin1').replace(/\r$/, '')
}

/** Returns a JSON text on one line: line feeds stand between tokens only. */
function onOneLine(text: string): string {
  if (!text.includes('\n')) return text.trim()
  return text
    .split('\n')
    .map((line) => line.trim())
    .join(' ')
    .trim()
}

/** Returns where a text that begins with the first of these pieces ceases to be JSON. */
function placeIn(file: string, pieces: readonly Pick<Piece, 'number' | 'column'>[], bytes: Buffer): Position {
  const before = bytes.toString('utf8', 0, Math.max(faultInJson(bytes), 0)).split('\n')
  const last = (before.at(-1) as string).length
  const { number: line, column } = pieces[before.length - 1] as Piece
  return { file, line, column: column + last + 1 }
}

import { JsonExtent, listElements } from '../text/json-extent.ts'
import {
  type JsonText,
  joined,
  lineText,
  type Piece,
  partOf,
  pieceOf,
  placed,
  wholeText,
} from './json-text.ts'
import type { NumberedLine } from './read-lines.ts'

/** Lines of a list after which its whole elements are passed on. */
const LINES_AT_A_TIME = 10_000
/** Lines of one text after which it is given up. */
const MOST_LINES = 1_000_000

/**
 * Splits the lines of a file into its JSON objects. Objects stand one a line, indented over several lines, in
 * lists or one behind the other, with commas or blanks between them.
 *
 * What is not JSON becomes a faulty text: a line, or, where an object or list was begun, all up to the next line
 * that begins one and is indented no further. The whole elements of a list that goes wrong are passed on.
 */
export class JsonTextSplitter {
  readonly #file: string
  #open: OpenText | undefined
  #fault: FaultyText | undefined
  /** whether the end of a list that went wrong is to come */
  #isListBroken = false

  /** `file` is the name in places. */
  constructor(file: string) {
    this.#file = file
  }

  /** Yields the texts that are known to have ended with this line. Lines have to come in their order. */
  *add(line: NumberedLine): Generator<JsonText> {
    if (this.#open && !this.#open.goesOnWith(line.text)) yield* this.#giveUp()
    if (!this.#open && isOneObject(line.text)) {
      yield* this.#flush()
      yield lineText(this.#file, line)
    } else yield* this.#read(pieceOf(line), false)
  }

  /** Yields what is left at the end of the file. */
  *end(): Generator<JsonText> {
    if (this.#open) yield* this.#giveUp()
    yield* this.#flush()
  }

  /** `isAlone` when nothing on the line may go on with the next one. */
  *#read(piece: Piece, isAlone: boolean): Generator<JsonText> {
    if (this.#fault?.takes(piece)) return this.#fault.pieces.push(piece)
    yield* this.#flush()
    for (let rest: Piece | undefined = piece; rest; ) {
      if (!this.#open) {
        rest = this.#skip(rest)
        if (!rest) return
        if (!/^[{[]/.test(rest.text)) return yield* this.#refuse(rest)
        this.#open = new OpenText()
      }
      const open: OpenText = this.#open
      const end = open.add(rest)
      if (!open.isWhole) return yield* this.#goOn(open, isAlone)
      this.#open = undefined
      yield* this.#objectsOf(open.pieces)
      rest = end < rest.text.length ? partOf(rest, end) : undefined
    }
  }

  /** Returns what stands behind blanks, commas and the end of a list that went wrong. */
  #skip(piece: Piece): Piece | undefined {
    const separators = this.#isListBroken ? /[^\s,\]]/ : /[^\s,]/
    const at = piece.text.search(separators)
    if (piece.text.slice(0, at < 0 ? undefined : at).includes(']')) this.#isListBroken = false
    return at < 0 ? undefined : partOf(piece, at)
  }

  *#refuse(piece: Piece): Generator<JsonText> {
    // An indented line is a part of something whose begin is missing.
    if (piece.indent > 0) this.#fault = new FaultyText(piece)
    else yield wholeText(this.#file, [piece])
  }

  *#goOn(open: OpenText, isAlone: boolean): Generator<JsonText> {
    if (isAlone || open.isFaulty) yield* this.#giveUp()
    else if (open.isList && open.pieces.length % LINES_AT_A_TIME === 0) {
      const [texts, rest] = this.#wholeElements(open.pieces)
      yield* texts
      this.#open = new OpenText()
      for (const piece of rest) this.#open.add(piece)
    }
  }

  /** Makes a faulty text of the open one, behind the whole elements of a list. */
  *#giveUp(): Generator<JsonText> {
    const open = this.#open as OpenText
    this.#open = undefined
    let rest: readonly Piece[] = open.pieces
    if (open.isList) {
      const [texts, others] = this.#wholeElements(rest)
      yield* texts
      const isBracketAlone =
        /^\[\s*$/.test(others[0]?.text ?? '') && others[1]?.text.trimStart().startsWith('{')
      rest = isBracketAlone ? others.slice(1) : others
      this.#isListBroken = true
    }
    this.#fault = new FaultyText(rest[0] as Piece)
    for (const piece of rest.slice(1)) yield* this.#read(piece, true)
  }

  *#flush(): Generator<JsonText> {
    if (this.#fault) yield wholeText(this.#file, this.#fault.pieces)
    this.#fault = undefined
  }

  /** Returns the objects of pieces that form one whole JSON text. */
  #objectsOf(pieces: readonly Piece[]): JsonText[] {
    const elements = listElements(joined(pieces))?.elements ?? []
    // A list without any object is passed on as one faulty object.
    if (!elements.some(({ text }) => text.startsWith('{'))) return [wholeText(this.#file, pieces)]
    return placed(this.#file, pieces, elements)
  }

  /** Returns the whole elements of a list, and the rest of it as a list. */
  #wholeElements(pieces: readonly Piece[]): readonly [readonly JsonText[], readonly Piece[]] {
    const text = joined(pieces)
    const { elements, end } = listElements(text) ?? { elements: [], end: 0 }
    if (!elements.some((element) => element.text.startsWith('{'))) return [[], pieces]
    const texts = placed(this.#file, pieces, elements)
    const [first = '', ...others] = text.slice(end).split('\n')
    const index = pieces.length - 1 - others.length
    const begin = pieces[index] as Piece
    const column = begin.column + begin.text.length - first.length
    const { isBytes } = pieces.find((piece) => piece.isBytes) ?? begin
    // The bracket stands where the comma before the rest was, so that the first element of the rest keeps its place.
    const head = { ...begin, column: column - 1, text: `[${first}`, isBytes }
    return [texts, [head, ...pieces.slice(index + 1)]]
  }
}

/** Whether a line is one object, as most lines are, by its ends: it is not looked into. */
function isOneObject(line: string): boolean {
  const text = line.trim()
  return text.startsWith('{') && text.endsWith('}') && !/\}[\s,]*[{[]/.test(text)
}

/** Pieces that form the begin of a JSON text, or all of it. */
class OpenText {
  readonly pieces: Piece[] = []
  readonly #extent = new JsonExtent()

  /** Adds a piece up to the end of the text. Returns the index of that end, or the length of the piece. */
  add(piece: Piece): number {
    const end = this.#extent.read(piece.text)
    this.pieces.push(this.isWhole ? partOf(piece, 0, end) : piece)
    return end
  }

  get isList(): boolean {
    return this.pieces[0]?.text.startsWith('[') ?? false
  }

  get isWhole(): boolean {
    return this.#extent.depth === 0
  }

  /** Whether the text cannot be JSON: no string goes over the end of a line. */
  get isFaulty(): boolean {
    return this.#extent.isFaulty || this.#extent.isInString || this.pieces.length >= MOST_LINES
  }

  /** Whether a line can go on with the text. */
  goesOnWith(line: string): boolean {
    const next = line.trimStart()[0] as string
    if (',:}]'.includes(next)) return true
    return '{['.includes(next) ? this.#extent.takesBracket : '[{,:'.includes(this.#extent.last)
  }
}

/** Pieces that are not JSON, from one that begins a text. */
class FaultyText {
  readonly pieces: Piece[]
  readonly #begin: Piece

  constructor(begin: Piece) {
    this.#begin = begin
    this.pieces = [begin]
  }

  /** Whether a line belongs to the faulty text. */
  takes({ text, indent }: Piece): boolean {
    if (this.pieces.length >= MOST_LINES) return false
    const next = text[indent] as string
    return indent > this.#begin.indent || '}],:"'.includes(next)
  }
}

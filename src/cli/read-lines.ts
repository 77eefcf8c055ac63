import { readTexts } from '../runtime/read-texts.ts'

/** A line of a file and its line number, from 1. */
export type NumberedLine = { readonly number: number; readonly text: string }

/** Yields the lines of a file that are not blank, as readNumberedLines does, without their numbers. */
export async function* readLines(file: string): AsyncGenerator<string> {
  for await (const { text } of readNumberedLines(file)) yield text
}

/** Yields the lines of a file that are not blank. The file is read as readTexts reads it. */
export async function* readNumberedLines(file: string, signal?: AbortSignal): AsyncGenerator<NumberedLine> {
  let number = 1
  let open: string[] = []
  for await (const text of readTexts(file, signal)) {
    const [first = '', ...others] = text.split('\n')
    open.push(first)
    for (const next of others) {
      yield* lineOf(number++, open.join(''))
      open = [next]
    }
  }
  yield* lineOf(number, open.join(''))
}

function lineOf(number: number, line: string): NumberedLine[] {
  const text = line.endsWith('\r') ? line.slice(0, -1) : line
  return text.trim() === '' ? [] : [{ number, text }]
}

import type { Position } from '../../domain/errors.ts'

/**
 * Returns a function from offsets into a text to lines and columns, both from 1. The first call scans the
 * text, each further one takes a time that does not grow with it.
 */
export function positionsIn(text: string, file: string): (offset: number) => Position {
  let starts: readonly number[] | undefined
  return (offset) => {
    starts ??= lineStarts(text)
    const line = lineAt(starts, offset)
    return { file, line: line + 1, column: offset - (starts[line] as number) + 1 }
  }
}

/** Returns the offsets at which lines begin; the first is 0. */
function lineStarts(text: string): number[] {
  const starts = [0]
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1)
  return starts
}

/** Returns the index of the last line that begins at the offset or before. */
function lineAt(starts: readonly number[], offset: number): number {
  let [low, high] = [0, starts.length]
  while (high - low > 1) {
    const middle = (low + high) >> 1
    if ((starts[middle] as number) <= offset) low = middle
    else high = middle
  }
  return low
}

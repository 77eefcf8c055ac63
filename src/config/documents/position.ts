import type { Position } from '../../domain/errors.ts'

/** Returns the line and column, both from 1, of an offset into a text. */
export function positionAt(text: string, offset: number, file: string): Position {
  const before = text.slice(0, offset)
  const line = before.split('\n').length
  return { file, line, column: offset - before.lastIndexOf('\n') }
}

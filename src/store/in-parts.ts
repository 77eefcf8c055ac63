/** A list in parts of one size, at most so many of them and of `few` at least, for queries that run at once. */
export function inParts<T>(list: readonly T[], most: number, few: number): readonly (readonly T[])[] {
  const size = Math.max(few, Math.ceil(list.length / most))
  return Array.from({ length: Math.ceil(list.length / size) }, (_, n) => list.slice(n * size, (n + 1) * size))
}

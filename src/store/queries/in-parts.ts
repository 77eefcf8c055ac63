/** Splits a list into at most `mostParts` parts of one size, none but the last smaller than `leastSize`. */
export function inParts<T>(
  list: readonly T[],
  mostParts: number,
  leastSize: number,
): readonly (readonly T[])[] {
  const size = Math.max(leastSize, Math.ceil(list.length / mostParts))
  return Array.from({ length: Math.ceil(list.length / size) }, (_, n) => list.slice(n * size, (n + 1) * size))
}

/** Most known names that are compared. Each unknown name of a huge file would be compared with all others. */
const MOST_COMPARED = 500
/** Longest name that is compared, in characters. */
const LONGEST = 100

/** Returns the known name closest to a mistyped one; undefined when none is close. */
export function suggest(name: string, known: Iterable<string>): string | undefined {
  if (name.length > LONGEST) return undefined
  const typed = name.toLowerCase()
  let limit = Math.max(1, Math.floor(name.length / 3))
  let closest: string | undefined
  let compared = 0
  for (const candidate of known) {
    if (++compared > MOST_COMPARED) break
    if (Math.abs(candidate.length - name.length) > limit) continue
    const distance = editDistance(typed, candidate.toLowerCase(), limit)
    if (distance > limit) continue
    closest = candidate
    // Of equally close names the first is kept.
    limit = distance - 1
    if (limit < 0) break
  }
  return closest
}

/**
 * Returns `; did you mean "X"?` for messages, or the empty text where no known name is close. Of many known
 * names only the first 500 are compared.
 *
 * @example
 * `unknown key ${name}${didYouMean(name, known)}`
 */
export function didYouMean(name: string, known: Iterable<string>): string {
  const candidate = suggest(name, known)
  return candidate === undefined ? '' : `; did you mean ${JSON.stringify(candidate)}?`
}

/**
 * Counts the insertions, deletions, replacements and swaps of neighbours that turn one text into the other
 * (optimal string alignment). Returns Infinity as soon as there are more than `limit`.
 */
function editDistance(a: string, b: string, limit: number): number {
  let before: number[] = []
  let above = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    let least = i
    for (let j = 1; j <= b.length; j++) {
      const isSame = a[i - 1] === b[j - 1]
      const isSwapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      const distance = Math.min(
        (above[j - 1] as number) + (isSame ? 0 : 1),
        (above[j] as number) + 1,
        (row[j - 1] as number) + 1,
        isSwapped ? (before[j - 2] as number) + 1 : Number.POSITIVE_INFINITY,
      )
      row.push(distance)
      least = Math.min(least, distance)
    }
    // A swap reaches over one row.
    if (least > limit && Math.min(...above) > limit) return Number.POSITIVE_INFINITY
    before = above
    above = row
  }
  return above[b.length] as number
}

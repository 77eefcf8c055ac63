/** Backtracking steps that a native pattern may take at each place of a text. */
const MOST_STEPS = 64

const ATOM =
  /[A-Za-z0-9 _\-"'#%&,/:;<=>@`~!]|\\[dw]|\\[^\w\s\u0080-\uffff]|\[(?:[A-Za-z0-9 _.:;,/@#%=+*()]|[a-z]-[a-z]|[A-Z]-[A-Z]|\d-\d|\\[dw])+\]/y
const QUANTIFIER = /([?]|\{(\d{1,2})(?:,(\d{1,2}))?\})(?!\?)/y
const FOLLOWED_BY_REPEAT = /[*+?{]/

/**
 * Returns the source of the same pattern for the engine of the platform, to be searched for in bytes as Latin-1;
 * undefined where it might mean something else there, or take more than a few steps at each place. Taken are sequences
 * of ASCII characters and classes with bounded repeats, perhaps with `^` before and `$` behind.
 *
 * @example
 * nativeSource('[0-9]{3} \\w') // the same
 * nativeSource('(a+)+b') // undefined
 */
export function nativeSource(pattern: string): string | undefined {
  let at = pattern.startsWith('^') ? 1 : 0
  let steps = 1
  while (at < pattern.length) {
    if (pattern[at] === '$' && at === pattern.length - 1) break
    const atom = matchAt(ATOM, pattern, at)
    if (!atom || !isOrdered(atom[0])) return undefined
    at += atom[0].length
    const quantifier = matchAt(QUANTIFIER, pattern, at)
    if (quantifier) {
      const [whole, sign, least, most = least] = quantifier
      const choices = sign === '?' ? 2 : Number(most) - Number(least) + 1
      if (choices < 1) return undefined
      steps *= choices
      at += whole.length
    }
    if (FOLLOWED_BY_REPEAT.test(pattern[at] ?? '') || steps > MOST_STEPS) return undefined
  }
  return pattern
}

/** Whether all ranges of a class lead upwards. */
function isOrdered(atom: string): boolean {
  return [...atom.matchAll(/(\w)-(\w)/g)].every(([, from = '', to = '']) => from <= to)
}

function matchAt(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at
  return pattern.exec(text)
}

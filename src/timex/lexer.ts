/** A token of a time expression; `offset` counts from 0. */
export type Token = {
  readonly kind: '$' | 'number' | 'word' | 'operator' | '(' | ')' | 'end' | 'unreadable'
  readonly text: string
  readonly offset: number
}

const TOKEN = /(?:(\$)|(\d+)|([A-Za-z_]\w*)|([-+@])|([()]))/y
const BLANK = /[ \t\n]*/y

/**
 * Splits an expression into tokens. The last one is of kind `end`, or `unreadable` at a character that begins
 * no token.
 */
export function tokenize(text: string): Token[] {
  const tokens: Token[] = []
  let at = 0
  for (;;) {
    BLANK.lastIndex = at
    BLANK.exec(text)
    at = BLANK.lastIndex
    if (at === text.length) {
      tokens.push({ kind: 'end', text: '', offset: at })
      return tokens
    }
    TOKEN.lastIndex = at
    const match = TOKEN.exec(text)
    if (!match) {
      tokens.push({
        kind: 'unreadable',
        text: String.fromCodePoint(text.codePointAt(at) as number),
        offset: at,
      })
      return tokens
    }
    tokens.push({ ...classify(match), offset: at })
    at = TOKEN.lastIndex
  }
}

function classify(match: RegExpExecArray): Pick<Token, 'kind' | 'text'> {
  const [, dollar, number, word, operator, parenthesis] = match
  if (dollar !== undefined) return { kind: '$', text: dollar }
  if (number !== undefined) return { kind: 'number', text: number }
  if (word !== undefined) return { kind: 'word', text: word }
  if (operator !== undefined) return { kind: 'operator', text: operator }
  return { kind: parenthesis as '(' | ')', text: parenthesis as string }
}

import { TimexError } from './timex-error.ts'

export type Token = {
  readonly kind: '$' | 'number' | 'word' | 'operator' | '(' | ')' | 'end'
  readonly text: string
  readonly offset: number
}

const TOKEN = /\s*(?:(\$)|(\d+)|([A-Za-z_]\w*)|([-+@])|([()]))/y
const BLANK = /\s*/y

/** Splits an expression into tokens, the last of kind `end`. */
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
      const character = String.fromCodePoint(text.codePointAt(at) as number)
      throw new TimexError(
        'lexer',
        `unexpected character ${JSON.stringify(character)}`,
        at,
        'a $variable, a number, a word, + - @ or a parenthesis',
      )
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

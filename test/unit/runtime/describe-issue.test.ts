import { expect, test } from 'vitest'
import { z } from 'zod'
import { describeIssue } from '../../../src/runtime/describe-issue.ts'

test.each<[z.ZodType, unknown, string]>([
  [z.record(z.string(), z.string()), 5, 'expected a mapping, found a whole number'],
  [z.object({}), [], 'expected a mapping, found a list'],
  [z.int(), 1.5, 'expected a whole number, found the number 1.5'],
  [z.int(), 'x', 'expected a number, found a text'],
  [z.string(), null, 'expected a text, found nothing'],
  [z.boolean(), 'yes', 'expected true or false, found a text'],
  [z.union([z.string(), z.array(z.string())]), 5, 'expected a text or a list, found a whole number'],
  [z.string().regex(/^a/), 'b', 'expected a text that matches /^a/, found another one'],
  [z.string(), undefined, 'is required'],
  [z.string().min(3, 'must be longer'), 'x', 'must be longer'],
])('%#: %j', (schema, value, said) => {
  const [issue] = schema.safeParse(value).error?.issues ?? []
  if (!issue) throw new Error('there is no issue')
  expect(describeIssue(issue, value)).toBe(said)
})

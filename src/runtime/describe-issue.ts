/** What a schema reports about a value. */
type Issue = {
  readonly code: string | undefined
  readonly message: string
  readonly expected?: string | undefined
  readonly pattern?: string | undefined
  /** what the forms of a value that may have several report, a list each */
  readonly errors?: readonly (readonly Issue[])[] | undefined
}

/** What a schema reports about a value inside another one, and where it stands there. */
type PlacedIssue = Issue & { readonly path: readonly PropertyKey[] }

const KINDS: { readonly [expected: string]: string } = {
  array: 'a list',
  boolean: 'true or false',
  int: 'a whole number',
  number: 'a number',
  object: 'a mapping',
  record: 'a mapping',
  string: 'a text',
}

/**
 * Describes an issue of a schema as the rest of a sentence after the name of the value: `is required`, `expected a
 * mapping, found a number`. The value itself, which may be a secret, is not repeated.
 */
export function describeIssue(issue: Issue, value: unknown): string {
  const { code, message } = issue
  if (code === 'invalid_type' && message.endsWith('received undefined')) return 'is required'
  const expected = expectedOf(issue)
  if (expected !== undefined) {
    const found = typeof value === 'string' && expected.includes('a text') ? 'another one' : kindOf(value)
    return `expected ${expected}, found ${found}`
  }
  const said = message.replace(/^Invalid input: /, '')
  return said.charAt(0).toLowerCase() + said.slice(1)
}

/**
 * Describes the issues of a schema about parts of a value, each with its path; `whole` names the value itself.
 *
 * @example
 * describeIssues(error.issues, { pid: 'x' }, 'the message') // 'pid: expected a number, found a text'
 */
export function describeIssues(issues: readonly PlacedIssue[], value: unknown, whole: string): string {
  return issues
    .map(({ path, ...issue }) => `${path.join('.') || whole}: ${describeIssue(issue, partOf(value, path))}`)
    .join('; ')
}

type Parts = { readonly [name: PropertyKey]: unknown }

function partOf(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((at, part) => (at as Parts | null | undefined)?.[part], value)
}

/** Returns what was expected in plain words; undefined where the schema's own message says it. */
function expectedOf({ code, message, expected, pattern, errors }: Issue): string | undefined {
  if (code === 'invalid_type') return KINDS[expected ?? ''] ?? expected
  if (code === 'invalid_format' && pattern !== undefined && /pattern/.test(message))
    return `a text that matches ${pattern}`
  if (code !== 'invalid_union' || message !== 'Invalid input') return undefined
  const forms = (errors ?? []).flatMap(([first]) => (first && expectedOf(first)) ?? [])
  return forms.length > 0 ? [...new Set(forms)].join(' or ') : undefined
}

function kindOf(value: unknown): string {
  if (value === null || value === undefined) return 'nothing'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'number') return Number.isInteger(value) ? 'a whole number' : `the number ${value}`
  if (typeof value === 'bigint') return 'a whole number beyond 2^53'
  if (typeof value === 'boolean') return String(value)
  return typeof value === 'string' ? (value === '' ? 'an empty text' : 'a text') : 'a mapping'
}

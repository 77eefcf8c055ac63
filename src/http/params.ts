import { z } from 'zod'
import { InvalidError } from '../domain/errors.ts'

/**
 * Thrown for a parameter that cannot be used, with its name, its value, and a description of what is allowed.
 */
export class ParameterError extends InvalidError {
  readonly parameter: string
  readonly value: string
  readonly allowed: string

  constructor(parameter: string, value: string, allowed: string) {
    super(`${parameter}: ${JSON.stringify(value)} is not allowed, expected ${allowed}`)
    this.parameter = parameter
    this.value = value
    this.allowed = allowed
  }
}

/**
 * Creates the schema of a parameter, whose text `read` parses. Where `read` returns undefined, the request is
 * refused and `expected` is the message.
 */
export function param<T>(about: z.GlobalMeta, expected: string, read: (text: string) => T | undefined) {
  return z
    .string()
    .meta(about)
    .transform((text, context): T => {
      const value = read(text)
      if (value !== undefined) return value
      context.issues.push({ code: 'custom', message: expected, input: text })
      return z.NEVER
    })
}

/**
 * Checks the parameters of a request. Blank ones count as absent; of several with one name the last counts.
 * Throws ParameterError.
 */
export function readParams<S extends z.ZodObject>(
  schema: S,
  given: { readonly [name: string]: unknown },
): z.output<S> {
  const texts: { [name: string]: string } = {}
  for (const name of Object.keys(schema.shape)) {
    const value = Object.hasOwn(given, name) ? given[name] : undefined
    const last = Array.isArray(value) ? value.at(-1) : value
    if (typeof last === 'string' && last !== '') texts[name] = last
  }
  const result = schema.safeParse(texts)
  if (result.success) return result.data
  const [issue] = result.error.issues
  const name = String(issue?.path[0])
  throw new ParameterError(name, texts[name] ?? '', issue?.message ?? 'another value')
}

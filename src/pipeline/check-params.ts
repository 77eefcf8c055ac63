import { z } from 'zod'
import { InvalidError } from '../domain/errors.ts'
import { describeIssue } from '../runtime/describe-issue.ts'
import type { HandlerClass, HandlerParams, JsonSchema } from './handler.ts'

/** Throws InvalidError that names each parameter that does not fit the handler's own JSON Schema. */
export function checkParams({ schema, fault }: HandlerClass, params: HandlerParams): void {
  if (schema) checkSchema(schema, params)
  const found = fault?.(params)
  if (found !== undefined) throw new InvalidError(found)
}

function checkSchema(schema: JsonSchema, params: HandlerParams): void {
  const result = z.fromJSONSchema(schema as Parameters<typeof z.fromJSONSchema>[0]).safeParse(params)
  if (result.success) return
  const known = Object.keys((schema.properties as object | undefined) ?? {})
  throw new InvalidError(result.error.issues.map((issue) => describe(issue, known)).join('; '))
}

function describe(issue: z.core.$ZodIssue, known: readonly string[]): string {
  if (issue.code === 'unrecognized_keys') {
    return `unknown parameter ${issue.keys.join(', ')}; known are ${known.join(', ')}`
  }
  const said = describeIssue(issue)
  return issue.path.length === 0 ? `params: ${said}` : `${issue.path.join('.')}: ${said}`
}

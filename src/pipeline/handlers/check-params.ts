import { z } from 'zod'
import { InvalidError } from '../../domain/errors.ts'
import { describeIssues } from '../../runtime/describe-issue.ts'
import type { HandlerClass, HandlerParams, JsonSchema } from '../handler.ts'

/**
 * Returns the parameters with the defaults of the handler's schema in place of those that are absent or null.
 * Throws InvalidError that names each one that does not fit.
 */
export function checkedParams({ schema, fault }: HandlerClass, params: HandlerParams): HandlerParams {
  if (schema) checkSchema(schema, params)
  const whole = schema ? withDefaults(schema, params) : params
  const found = fault?.(whole)
  if (found !== undefined) throw new InvalidError(found)
  return whole
}

/** Returns the names of the parameters that the handler's schema marks as deprecated. */
export function unusedParams({ schema }: HandlerClass, params: HandlerParams): readonly string[] {
  const properties = propertiesOf(schema)
  return Object.keys(params).filter((name) => properties[name]?.deprecated)
}

type Property = { readonly default?: unknown; readonly deprecated?: boolean; readonly description?: string }

/** Returns the properties of a schema by name. */
function propertiesOf(schema: JsonSchema | undefined): { readonly [name: string]: Property } {
  return (schema?.properties as { readonly [name: string]: Property } | undefined) ?? {}
}

function withDefaults(schema: JsonSchema, params: HandlerParams): HandlerParams {
  const defaults = Object.entries(propertiesOf(schema)).filter(
    ([name, property]) => property.default !== undefined && (params[name] ?? undefined) === undefined,
  )
  return { ...params, ...Object.fromEntries(defaults.map(([name, property]) => [name, property.default])) }
}

function checkSchema(schema: JsonSchema, params: HandlerParams): void {
  const result = z.fromJSONSchema(schema as Parameters<typeof z.fromJSONSchema>[0]).safeParse(params)
  if (result.success) return
  const known = Object.keys(propertiesOf(schema))
  throw new InvalidError(result.error.issues.map((issue) => describe(issue, known, params)).join('; '))
}

function describe(issue: z.core.$ZodIssue, known: readonly string[], params: HandlerParams): string {
  if (issue.code !== 'unrecognized_keys') return describeIssues([issue], params, 'params')
  return `unknown parameter ${issue.keys.join(', ')}; known are ${known.join(', ')}`
}

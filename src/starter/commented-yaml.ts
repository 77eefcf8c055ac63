import { type ZodType, z } from 'zod'

type Described = { readonly description?: string; readonly default?: unknown; readonly deprecated?: true }

/**
 * Writes the keys of a YAML file by their schema: each with its description above it. A value is YAML as it shall stand
 * there; keys without one stand behind a number sign, with their default.
 *
 * @example
 * commentedKeys(winchesterSchema, { pipeline_retries: '3' })
 */
export function commentedKeys(schema: ZodType, values: { readonly [key: string]: string }): string {
  const { properties = {} } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' })
  return Object.entries(properties as { readonly [key: string]: Described })
    .filter(([, { deprecated }]) => !deprecated)
    .map(([key, described]) => commentedKey(key, described, values[key]))
    .join('\n')
}

function commentedKey(key: string, { description = '', default: usual }: Described, value?: string): string {
  const about = `# ${description.replaceAll('`', '')}`
  if (value === undefined)
    return `${about}\n# ${key}:${usual === undefined ? '' : ` ${JSON.stringify(usual)}`}`
  return `${about}\n${key}:${value.startsWith('\n') ? '' : ' '}${value}`
}

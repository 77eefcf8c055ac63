import { type ZodType, z } from 'zod'
import { type ConfigDocument, type DocumentPath, memberOf } from '../documents/yaml-document.ts'
import type { Findings } from './findings.ts'

/** Adds a warning for each key that the schema marks as deprecated: it is accepted and has no effect. */
export function warnOfDeprecated(
  { document, value }: { readonly document: ConfigDocument; readonly value: unknown },
  schema: ZodType,
  findings: Findings,
): void {
  const shape = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' })
  for (const path of deprecatedPaths(shape as Shape, [])) {
    if (memberOf(value, path) === undefined) continue
    const message = `${path.at(-1)}: is accepted and has no effect`
    const position = document.keyPositionOf(path)
    findings.add({ severity: 'warning', code: 'unused', path, message, position })
  }
}

type Shape = { readonly deprecated?: boolean; readonly properties?: { readonly [key: string]: Shape } }

function deprecatedPaths({ deprecated, properties = {} }: Shape, path: DocumentPath): DocumentPath[] {
  if (deprecated) return [path]
  return Object.entries(properties).flatMap(([key, inner]) => deprecatedPaths(inner, [...path, key]))
}

import type { ZodType } from 'zod'
import type { ConfigDocument, DocumentPath } from '../documents/yaml-document.ts'
import { withoutUnknownKeys } from './check-shape.ts'

export type Salvaged<T> = { readonly document: ConfigDocument; readonly value: T }

/**
 * Returns a faulty value without its faulty entries, so that the other entries can be checked as well.
 * Positions in the returned document are those of the file. `required` replaces required entries that are
 * missing.
 */
export function salvageShape<T>(
  document: ConfigDocument,
  value: unknown,
  schema: ZodType<T>,
  required: object = {},
): Salvaged<T> | undefined {
  const issues = schema.safeParse(value).error?.issues ?? []
  const cleaned = withoutUnknownKeys(value, issues)
  const faulty = new Set(issues.filter(({ code }) => code !== 'unrecognized_keys').map(({ path }) => path[0]))
  const kept = Array.isArray(cleaned)
    ? keepItems(document, cleaned, faulty)
    : { document, value: keepKeys(cleaned, faulty, required) }
  const result = schema.safeParse(kept.value)
  return result.success ? { document: kept.document, value: result.data } : undefined
}

function keepItems(
  document: ConfigDocument,
  items: readonly unknown[],
  faulty: ReadonlySet<unknown>,
): Salvaged<unknown> {
  const places = items.map((_, index) => index).filter((index) => !faulty.has(index))
  const placed = ([first, ...rest]: DocumentPath): DocumentPath =>
    typeof first === 'number'
      ? [places[first] ?? first, ...rest]
      : first === undefined
        ? []
        : [first, ...rest]
  return {
    value: places.map((index) => items[index]),
    document: {
      ...document,
      positionOf: (path) => document.positionOf(placed(path)),
      keyPositionOf: (path) => document.keyPositionOf(placed(path)),
    },
  }
}

function keepKeys(value: unknown, faulty: ReadonlySet<unknown>, required: object): unknown {
  if (typeof value !== 'object' || value === null) return value
  return { ...required, ...Object.fromEntries(Object.entries(value).filter(([key]) => !faulty.has(key))) }
}

import type { core, ZodType } from 'zod'
import { describeIssue } from '../../runtime/describe-issue.ts'
import { didYouMean, suggest } from '../../text/suggest.ts'
import { type ConfigDocument, type DocumentPath, memberOf } from '../documents/yaml-document.ts'
import type { Findings } from './findings.ts'

/**
 * Returns a document's value parsed by the schema; undefined when it does not fit. Adds the reasons to the
 * findings.
 */
export function checkShape<T>(
  document: ConfigDocument,
  value: unknown,
  schema: ZodType<T>,
  findings: Findings,
  /** the path of the value in the document */
  base: DocumentPath = [],
): T | undefined {
  const result = schema.safeParse(value)
  if (result.success) return result.data
  const { issues } = result.error
  const meant = meantPaths(value, schema, issues)
  for (const issue of issues.filter(({ path }) => !meant.has(nameOf(path)))) {
    addIssue({ document, schema, value, base, meant }, issue, findings)
  }
  // Without the unknown keys the rest may be valid, or may have further faults to report.
  const rest = result.error.issues.every(({ code }) => code === 'unrecognized_keys')
    ? schema.safeParse(withoutUnknownKeys(value, result.error.issues))
    : undefined
  return rest?.success ? rest.data : undefined
}

/** Returns a copy of a value without the keys that issues report as unknown. */
export function withoutUnknownKeys(value: unknown, issues: readonly core.$ZodIssue[]): unknown {
  const copy = copyOf(value)
  for (const issue of issues) {
    if (issue.code !== 'unrecognized_keys') continue
    let at = copy as { [key: PropertyKey]: never } | undefined
    for (const part of issue.path) at = at?.[part]
    for (const key of issue.keys) if (at) delete at[key]
  }
  return copy
}

/** Copies lists and mappings at all depths, but not the scalars in them. */
function copyOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(copyOf)
  const isMapping =
    typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype
  if (!isMapping) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, copyOf(item)]))
}

/**
 * Returns the names of the required keys that are missing and that unknown keys beside them are meant for:
 * `field` for `fields`. Of both, only the unknown key is reported.
 */
function meantPaths(value: unknown, schema: ZodType, issues: readonly core.$ZodIssue[]): ReadonlySet<string> {
  const missing = new Set(
    issues
      .filter(({ path }) => memberOf(value, path.map(keyOf)) === undefined)
      .map(({ path }) => nameOf(path)),
  )
  const meant = issues.flatMap((issue) => {
    if (issue.code !== 'unrecognized_keys') return []
    const known = knownKeys(schema, issue.path.map(keyOf))
    return issue.keys.map((key) => nameOf([...issue.path, suggest(key, known) ?? '']))
  })
  return new Set(meant.filter((name) => missing.has(name)))
}

function nameOf(path: readonly PropertyKey[]): string {
  return JSON.stringify(path.map(String))
}

function keyOf(part: PropertyKey): string | number {
  return typeof part === 'symbol' ? String(part) : part
}

type Checked = {
  readonly document: ConfigDocument
  readonly schema: ZodType
  readonly value: unknown
  readonly base: DocumentPath
  readonly meant: ReadonlySet<string>
}

function addIssue(
  { document, schema, value, base, meant }: Checked,
  issue: core.$ZodIssue,
  findings: Findings,
): void {
  const inner = issue.path.map(keyOf)
  const path = [...base, ...inner]
  if (issue.code === 'unrecognized_keys') {
    const known = knownKeys(schema, inner)
    for (const key of issue.keys) {
      const at = [...path, key]
      const message = `unknown key ${JSON.stringify(key)}${didYouMean(key, known)}`
      // Without the required key that is meant the configuration cannot be used.
      const isMeant = meant.has(nameOf([...inner, suggest(key, known) ?? '']))
      findings.error(isMeant ? 'shape' : 'unknown-key', at, message, document.keyPositionOf(at))
    }
    return
  }
  const last = path.at(-1)
  const subject = last === undefined ? '' : typeof last === 'number' ? `entry ${last + 1}: ` : `${last}: `
  findings.error(
    'shape',
    path,
    `${subject}${describeIssue(issue, memberOf(value, inner))}`,
    document.positionOf(path),
  )
}

type Definition = {
  type: string
  shape?: { [key: string]: ZodType }
  element?: ZodType
  valueType?: ZodType
  innerType?: ZodType
  in?: ZodType
  options?: readonly ZodType[]
}

/** Returns the keys that the schema knows at a path. */
function knownKeys(schema: ZodType, path: DocumentPath): string[] {
  let current: readonly ZodType[] = unwrap(schema)
  for (const part of path) {
    current = current.flatMap((one) => {
      const { shape, element, valueType } = definitionOf(one)
      const inner = shape ? shape[String(part)] : (element ?? valueType)
      return inner ? unwrap(inner) : []
    })
  }
  return current.flatMap((one) => Object.keys(definitionOf(one).shape ?? {}))
}

/** Returns the schema itself, or those inside optional, default, transform and union. */
function unwrap(schema: ZodType): ZodType[] {
  const { innerType, in: input, options } = definitionOf(schema)
  const inner = innerType ?? input
  if (inner) return unwrap(inner)
  return options ? options.flatMap(unwrap) : [schema]
}

function definitionOf(schema: ZodType): Definition {
  return schema.def as unknown as Definition
}

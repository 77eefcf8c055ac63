/** An event that has a type of metric and a sender; what else it lacks is 0, empty or undefined. */
export type ParsedEvent = {
  readonly metricType: string
  readonly sender: string
  /** seconds since 1970 */
  readonly timestamp: number
  readonly value: number
  readonly source: string
  readonly threshold: { readonly warn: number; readonly error: number } | undefined
}

type Kind = 'text' | 'number' | 'integer' | 'threshold'

const KINDS: { readonly [name: string]: Kind } = {
  timestamp: 'integer',
  value: 'number',
  sender: 'text',
  sourceip: 'text',
  metrictype: 'text',
  threshold: 'threshold',
  aggregate: 'text',
}
const INTEGER = /^-?(?:0|[1-9]\d{0,18})$/

/** A number of JSON, by its digits. */
class Digits {
  readonly source: string

  constructor(source: string) {
    this.source = source
  }
}

/**
 * Reads an event; undefined where it does not decode as Go decodes it, which takes names in any letter
 * case, or lacks a type or sender.
 */
export function parseEvent(text: string): ParsedEvent | undefined {
  const value = parse(text)
  if (!isObject(value)) return undefined
  const found: { [name: string]: unknown } = {}
  for (const [key, one] of Object.entries(value)) {
    const name = key.toLowerCase()
    const kind = Object.hasOwn(KINDS, name) ? KINDS[name] : undefined
    if (kind === undefined || one === null) continue
    if (!isOfKind(one, kind)) return undefined
    found[name] = one
  }
  const { metrictype: metricType, sender } = found
  if (typeof metricType !== 'string' || typeof sender !== 'string') return undefined
  if (metricType === '' || sender === '') return undefined
  return {
    ...{ metricType, sender, source: typeof found.sourceip === 'string' ? found.sourceip : '' },
    ...{ timestamp: numberOf(found.timestamp), value: numberOf(found.value) },
    threshold: isObject(found.threshold) ? thresholdOf(found.threshold) : undefined,
  }
}

function numberOf(value: unknown): number {
  return value instanceof Digits ? Number(value.source) : 0
}

function thresholdOf(value: { readonly [key: string]: unknown }): { warn: number; error: number } {
  const limits = { warn: 0, error: 0 }
  for (const [key, one] of Object.entries(value)) {
    const name = key.toLowerCase()
    if (name === 'warn' || name === 'error') limits[name] = numberOf(one)
  }
  return limits
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text, (_, value, context?: { source?: string }) =>
      typeof value === 'number' ? new Digits(context?.source ?? String(value)) : value,
    )
  } catch {
    return undefined
  }
}

function isObject(value: unknown): value is { readonly [key: string]: unknown } {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Digits)
}

function isOfKind(value: unknown, kind: Kind): boolean {
  if (kind === 'text') return typeof value === 'string'
  if (kind === 'threshold')
    return isObject(value) && Object.values(value).every((one) => one === null || isOfKind(one, 'number'))
  if (!(value instanceof Digits)) return false
  if (kind === 'number') return Number.isFinite(Number(value.source))
  return INTEGER.test(value.source) && BigInt.asIntN(64, BigInt(value.source)) === BigInt(value.source)
}

/** Type of a metric and its sender, of an event that has both. */
export type EventNames = { readonly metricType: string; readonly sender: string }

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
 * Returns what an event is about; undefined where it does not decode as Go decodes it, which takes names in any letter
 * case, or lacks a type or sender.
 */
export function namesOfEvent(text: string): EventNames | undefined {
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
  return metricType === '' || sender === '' ? undefined : { metricType, sender }
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

/** A scalar whose kind a JavaScript value would lose: a time, or a number that is written as a float. */
export class YamlScalar {
  readonly kind: 'timestamp' | 'float'
  readonly text: string

  constructor(kind: 'timestamp' | 'float', text: string) {
    this.kind = kind
    this.text = text
  }

  /** The value without its kind: a float as a number, a time as text. */
  get plain(): string | number {
    return this.kind === 'float' ? Number(this.text.replaceAll('_', '')) : this.text
  }
}

/** Returns a value with each YamlScalar replaced: times by texts, floats by numbers. */
export function withoutMarks(value: unknown): unknown {
  if (value instanceof YamlScalar) return value.plain
  if (Array.isArray(value)) return value.map(withoutMarks)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withoutMarks(item)]))
}

/** A scalar whose kind JavaScript's own values do not tell: a time, or a number that is written as a float. */
export class YamlScalar {
  readonly kind: 'timestamp' | 'float'
  readonly text: string

  constructor(kind: 'timestamp' | 'float', text: string) {
    this.kind = kind
    this.text = text
  }

  /** What it is where its kind does not matter. */
  get plain(): string | number {
    return this.kind === 'float' ? Number(this.text.replaceAll('_', '')) : this.text
  }
}

/** A value without marks: times as texts, floats as numbers. */
export function withoutMarks(value: unknown): unknown {
  if (value instanceof YamlScalar) return value.plain
  if (Array.isArray(value)) return value.map(withoutMarks)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withoutMarks(item)]))
}

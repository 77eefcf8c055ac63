import { defineScalarTag, floatYaml11Tag, NOT_RESOLVED, Schema, timestampTag, YAML11_SCHEMA } from 'js-yaml'

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

function marking(tag: typeof timestampTag | typeof floatYaml11Tag, kind: YamlScalar['kind']) {
  return defineScalarTag<YamlScalar>(tag.tagName, {
    implicit: true,
    resolve: (source, isExplicit, tagName) =>
      tag.resolve(source, isExplicit, tagName) === NOT_RESOLVED ? NOT_RESOLVED : new YamlScalar(kind, source),
    identify: () => false,
  })
}

/** YAML 1.1 in which times and floats come as YamlScalar, in the order in which plain scalars are tried. */
export const MARKING_SCHEMA = new Schema(
  YAML11_SCHEMA.tags.map((tag) => {
    if (tag === timestampTag) return marking(timestampTag, 'timestamp')
    return tag === floatYaml11Tag ? marking(floatYaml11Tag, 'float') : tag
  }),
)

/** A value without marks: times as texts, floats as numbers. */
export function withoutMarks(value: unknown): unknown {
  if (value instanceof YamlScalar) return value.plain
  if (Array.isArray(value)) return value.map(withoutMarks)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withoutMarks(item)]))
}

import {
  binaryTag,
  boolYaml11Tag,
  defineScalarTag,
  floatYaml11Tag,
  NOT_RESOLVED,
  type ScalarTagDefinition,
  Schema,
  timestampTag,
  YAML11_SCHEMA,
} from 'js-yaml'
import { YamlScalar } from './yaml-scalar.ts'

// YAML 1.1 has more ways to write a value than PyYAML reads: there y and n are texts, and so is -.5
const BOOL = narrowed(boolYaml11Tag, (source) => !/^[yn]$/i.test(source))
const FLOAT = narrowed(floatYaml11Tag, (source) => !/^[-+]\.\d/.test(source))

/**
 * YAML as PyYAML's safe_load reads it, except that times stay texts: they are read with all six digits of their
 * fraction, and always as UTC.
 */
export const PYYAML_SCHEMA = schemaOf(FLOAT)

/** The same, in which times and floats come as YamlScalar. */
export const MARKING_SCHEMA = schemaOf(marking(FLOAT, 'float'), marking(timestampTag, 'timestamp'))

/** The tags stay in the order in which plain scalars are tried. */
function schemaOf(float: ScalarTagDefinition, timestamp?: ScalarTagDefinition): Schema {
  return new Schema(
    YAML11_SCHEMA.tags.flatMap((tag) => {
      if (tag === boolYaml11Tag) return [BOOL]
      if (tag === floatYaml11Tag) return [float]
      if (tag === timestampTag) return timestamp ? [timestamp] : []
      // No setting is bytes: it is told as an unknown tag, with its place.
      if (tag === binaryTag) return []
      return [tag]
    }),
  )
}

function narrowed<T>(
  tag: ScalarTagDefinition<T>,
  accepts: (source: string) => boolean,
): ScalarTagDefinition<T> {
  return {
    ...tag,
    resolve: (source, isExplicit, tagName) =>
      isExplicit || accepts(source) ? tag.resolve(source, isExplicit, tagName) : NOT_RESOLVED,
  }
}

function marking<T>(tag: ScalarTagDefinition<T>, kind: YamlScalar['kind']): ScalarTagDefinition<YamlScalar> {
  return defineScalarTag<YamlScalar>(tag.tagName, {
    implicit: true,
    resolve: (source, isExplicit, tagName) =>
      tag.resolve(source, isExplicit, tagName) === NOT_RESOLVED ? NOT_RESOLVED : new YamlScalar(kind, source),
    identify: () => false,
  })
}

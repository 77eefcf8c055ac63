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

// PyYAML does not read every form of YAML 1.1: it reads y, n and -.5 as texts.
const BOOL = narrowed(boolYaml11Tag, (source) => !/^[yn]$/i.test(source))
const FLOAT = narrowed(floatYaml11Tag, (source) => !/^[-+]\.\d/.test(source))

/**
 * The YAML that PyYAML's safe_load reads, except that times stay texts, to be parsed later with all six
 * digits of their fraction and always as UTC.
 */
export const PYYAML_SCHEMA = schemaOf(FLOAT)

/** The same schema, with times and floats as YamlScalar. */
export const MARKING_SCHEMA = schemaOf(marking(FLOAT, 'float'), marking(timestampTag, 'timestamp'))

/** Makes a schema whose tags stay in the order in which they are tried on plain scalars. */
function schemaOf(float: ScalarTagDefinition, timestamp?: ScalarTagDefinition): Schema {
  return new Schema(
    YAML11_SCHEMA.tags.flatMap((tag) => {
      if (tag === boolYaml11Tag) return [BOOL]
      if (tag === floatYaml11Tag) return [float]
      if (tag === timestampTag) return timestamp ? [timestamp] : []
      // No setting holds bytes: !!binary is reported as an unknown tag, with its position.
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

import type { Notification } from '../domain/notification.ts'
import type { Trait } from '../domain/trait.ts'
import type { TraitDefinition } from './definition.ts'
import { convertValue, extractTrait } from './extract-trait.ts'

/**
 * Extracts all traits of a notification, in the order of their definitions. Throws InvalidError that names
 * the trait.
 */
export type Extraction = (notification: Notification) => { [name: string]: Trait }

/**
 * Compiles the traits of a definition to generated code, since distilling spends most of its time on them.
 * Prefixes that several paths share are read once, and each trait is set under a constant name, which the
 * engine optimises. The result equals that of extractTrait for each trait. Names of fields and traits enter
 * the code as string literals only, whatever they contain.
 */
export function compileExtraction(traits: readonly TraitDefinition[]): Extraction {
  const prefixes = new Prefixes()
  const statements = traits.map((trait, index) => statementOf(trait, index, prefixes))
  const code = `return (document) => {
const traits = {}
let value
${prefixes.declarations.join('\n')}
${statements.join('\n')}
return traits
}`
  return new Function('definitions', 'extract', 'convert', code)(
    traits,
    extractTrait,
    convertValue,
  ) as Extraction
}

/** Variables of the generated code, one for each object that paths lead through. */
class Prefixes {
  readonly declarations: string[] = []
  readonly #variables = new Map<string, string>([['[]', 'document']])

  /** Returns the variable that holds the value at a path of names; declares it when needed. */
  variableOf(names: readonly string[]): string {
    const key = JSON.stringify(names)
    const known = this.#variables.get(key)
    if (known !== undefined) return known
    const expression = this.read(names)
    const variable = `p${this.#variables.size}`
    this.#variables.set(key, variable)
    this.declarations.push(`const ${variable} = ${expression}`)
    return variable
  }

  /** Returns the code that reads the value at a path of names. */
  read(names: readonly string[]): string {
    return `${this.variableOf(names.slice(0, -1))}?.[${JSON.stringify(names.at(-1))}]`
  }
}

function statementOf(trait: TraitDefinition, index: number, prefixes: Prefixes): string {
  const set = `traits[${JSON.stringify(trait.name)}]`
  const otherwise = `if (value !== undefined) ${set} = value`
  const reads = readsOf(trait, prefixes)
  if (!reads) return `value = extract(definitions[${index}], document)\n${otherwise}`
  const convert = `if (value !== undefined && (value = convert(definitions[${index}], value)) !== undefined) ${set} = value`
  const text =
    trait.type === 'text' ? `if (typeof value === 'string') ${set} = { type: 'text', value }\nelse ` : ''
  return `value = ${reads} ?? undefined\n${text}${convert}`
}

/**
 * Returns the code of a trait that is the first field present; undefined for a trait that needs more, such as
 * a plugin.
 */
function readsOf({ type, fields, plugin }: TraitDefinition, prefixes: Prefixes): string | undefined {
  if (plugin || fields.length === 0 || (type !== 'text' && fields.length > 1)) return undefined
  const names = fields.map((field) => field.names)
  if (!names.every((path) => path !== undefined)) return undefined
  return names.map((path) => prefixes.read(path)).join(' ?? ')
}

import type { Notification } from '../domain/notification.ts'
import type { Trait } from '../domain/trait.ts'
import type { TraitDefinition } from './definition.ts'
import { convertValue, extractTrait } from './extract-trait.ts'

/** All traits of a notification, in the order of their definitions. Throws InvalidError that names the trait. */
export type Extraction = (notification: Notification) => { [name: string]: Trait }

/**
 * Compiles the traits of a definition to code of their own, as most of the time of distilling goes into them: what
 * paths share is read once, and a trait is set under a name that the engine knows. The outcome is that of extractTrait
 * for each. Names of fields and traits go in as string literals, whatever they contain.
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

/** The objects that several paths lead through, each a variable. */
class Prefixes {
  readonly declarations: string[] = []
  readonly #variables = new Map<string, string>([['[]', 'document']])

  /** The variable that holds what a path of names leads to. */
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

  /** The code that reads what a path of names leads to. */
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

/** Where all that is to do is to take the first field that is there: the code for that. */
function readsOf({ type, fields, plugin }: TraitDefinition, prefixes: Prefixes): string | undefined {
  if (plugin || fields.length === 0 || (type !== 'text' && fields.length > 1)) return undefined
  const names = fields.map((field) => field.names)
  if (!names.every((path) => path !== undefined)) return undefined
  return names.map((path) => prefixes.read(path)).join(' ?? ')
}

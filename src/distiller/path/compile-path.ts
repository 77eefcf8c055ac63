import type { JsonValue } from '../../domain/notification.ts'
import { type FunctionExpression, findMatches, functionValue } from './evaluate.ts'
import type { PathExpression } from './expression.ts'
import type { Match } from './match.ts'
import { parsePath } from './parser.ts'

/** A compiled field path, for use on many documents. */
export type Path = {
  readonly text: string
  /**
   * the path's names, where it has nothing else and no value but an object can have a property of any of them
   */
  readonly names: readonly string[] | undefined
  /** Returns all matches that are not null, in the order of the document. */
  findAll(document: JsonValue): Match[]
  /** Returns the first value found that is not null. */
  findFirst(document: JsonValue): JsonValue | undefined
}

/**
 * Compiles a field path. A path of names and indexes, also with functions after them, costs no more than
 * reading properties. Throws PathError.
 */
export function compilePath(text: string): Path {
  return compileExpression(text, parsePath(text))
}

/** Compiles a parsed field path; `text` is kept for messages. */
export function compileExpression(text: string, expression: PathExpression): Path {
  const findAll = (document: JsonValue) =>
    findMatches(expression, { value: document, parent: undefined, key: undefined }).filter(
      ({ value }) => value !== null,
    )
  const steps = plainSteps(expression)
  const names = steps && steps.length > 0 && steps.every(isOwnName) ? steps : undefined
  return {
    text,
    names,
    findAll,
    findFirst: directWalk(expression) ?? ((document) => findAll(document)[0]?.value),
  }
}

/**
 * Returns a function that reads the only value the path can find; undefined where the path may find several.
 */
function directWalk(expression: PathExpression): Walk | undefined {
  const steps = plainSteps(expression)
  if (steps) return walker(steps)
  if (expression.kind !== 'child' || !isFunction(expression.right)) return undefined
  const { right } = expression
  const walk = directWalk(expression.left)
  return (
    walk &&
    ((document) => {
      const value = walk(document)
      return value === undefined ? undefined : functionValue(right, value)
    })
  )
}

const FUNCTIONS: readonly PathExpression['kind'][] = ['len', 'sorted', 'split', 'sub']

function isFunction(expression: PathExpression): expression is FunctionExpression {
  return FUNCTIONS.includes(expression.kind)
}

type Walk = (document: JsonValue) => JsonValue | undefined

function walker(steps: readonly Step[]): Walk {
  return steps.every(isOwnName) ? compiled(steps) : (document) => walk(document, steps)
}

/** Prototypes whose properties values have without being in the document. */
const INHERITED = [Array.prototype, Object.prototype, String.prototype, Number.prototype, Boolean.prototype]

/** Whether only an object of the document can have a property of this name. */
function isOwnName(step: Step): step is string {
  return typeof step === 'string' && !/^\d+$/.test(step) && !INHERITED.some((prototype) => step in prototype)
}

/**
 * Compiles property reads to generated code, for which the engine caches where each name is found. The names
 * enter it as string literals, whatever they contain.
 */
function compiled(names: readonly string[]): Walk {
  const reads = names.map((name) => `?.[${JSON.stringify(name)}]`).join('')
  return new Function('document', `return document${reads} ?? undefined`) as Walk
}

type Step = string | number

/** Returns the names and indexes of a path that has nothing else; undefined for any other path. */
function plainSteps(expression: PathExpression): readonly Step[] | undefined {
  switch (expression.kind) {
    case 'fields':
      return expression.names.length === 1 ? expression.names : undefined
    case 'index':
      return [expression.index]
    case 'child': {
      const left = expression.left.kind === 'root' ? [] : plainSteps(expression.left)
      const right = plainSteps(expression.right)
      return left && right ? [...left, ...right] : undefined
    }
    default:
      return undefined
  }
}

function walk(document: JsonValue, steps: readonly Step[]): JsonValue | undefined {
  let value: JsonValue | undefined = document
  for (const step of steps) {
    if (typeof value !== 'object' || value === null) return undefined
    if (typeof step === 'number') value = Array.isArray(value) ? value.at(step) : undefined
    else if (Array.isArray(value)) return undefined
    else value = Object.hasOwn(value, step) ? (value as { [key: string]: JsonValue })[step] : undefined
  }
  return value ?? undefined
}

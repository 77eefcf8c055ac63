import type { JsonValue } from '../../domain/notification.ts'
import { type FunctionExpression, findMatches, functionValue } from './evaluate.ts'
import type { PathExpression } from './expression.ts'
import type { Match } from './match.ts'
import { parsePath } from './parser.ts'

/** A field path, ready to be used on many documents. */
export type Path = {
  readonly text: string
  /** the names that it consists of, where there is nothing else and no value but an object has any of them */
  readonly names: readonly string[] | undefined
  /** everything that is found and is not null, in order */
  findAll(document: JsonValue): Match[]
  /** the first value that is found and is not null */
  findFirst(document: JsonValue): JsonValue | undefined
}

/** Compiles a path once; one of names and indexes, and functions after them, costs no more than property reads. Throws PathError. */
export function compilePath(text: string): Path {
  return compileExpression(text, parsePath(text))
}

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

/** The way to the one value that a path can find; undefined where it may find several. */
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

/** What lists, objects, texts, numbers and booleans have without a document's doing. */
const INHERITED = [Array.prototype, Object.prototype, String.prototype, Number.prototype, Boolean.prototype]

/** Whether nothing but an object of the document can have a property of that name. */
function isOwnName(step: Step): step is string {
  return typeof step === 'string' && !/^\d+$/.test(step) && !INHERITED.some((prototype) => step in prototype)
}

/**
 * The property reads as code of their own, for which the engine remembers where each name is found. The names go in
 * as string literals, whatever they contain.
 */
function compiled(names: readonly string[]): Walk {
  const reads = names.map((name) => `?.[${JSON.stringify(name)}]`).join('')
  return new Function('document', `return document${reads} ?? undefined`) as Walk
}

type Step = string | number

/** The names and indexes of a path that has nothing else. */
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

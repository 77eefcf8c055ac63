import { compileExpression, type Path } from './path/compile-path.ts'
import type { PathExpression } from './path/expression.ts'
import { parsePath } from './path/parser.ts'

/**
 * Ceilometer's name for the context of a notification. In the message, its fields are named `_context_NAME`.
 */
const CONTEXT = 'ctxt'

/** Context fields that Ceilometer's definitions use interchangeably, in order of preference. */
const SYNONYMS: { readonly [name: string]: readonly string[] } = {
  tenant_id: ['tenant_id', 'project_id', 'tenant'],
  project_id: ['project_id', 'tenant_id', 'tenant'],
}

/**
 * Compiles a field path of a definition. `ctxt.X` reads `_context_X`. Throws PathError.
 *
 * @example
 * compileFieldPath('payload.nics[0].label').findFirst(notification)
 */
export function compileFieldPath(text: string): Path {
  return compileExpression(text, withContext(parsePath(text)))
}

/** Replaces `ctxt` at the begin of a path: at its left end, and on both sides of a union. */
function withContext(expression: PathExpression): PathExpression {
  if (expression.kind === 'union') {
    return { kind: 'union', left: withContext(expression.left), right: withContext(expression.right) }
  }
  if (expression.kind !== 'child') return expression
  const { left, right } = expression
  if (!isContext(left) || right.kind !== 'fields') return { kind: 'child', left: withContext(left), right }
  const names = right.names.flatMap((name) => SYNONYMS[name] ?? [name])
  return {
    kind: 'firstOf',
    choices: [...names.map((name) => `_context_${name}`).map(fieldNamed), expression],
  }
}

function isContext(expression: PathExpression): boolean {
  if (expression.kind === 'child') return expression.left.kind === 'root' && isContext(expression.right)
  return expression.kind === 'fields' && expression.names.length === 1 && expression.names[0] === CONTEXT
}

function fieldNamed(name: string): PathExpression {
  return { kind: 'fields', names: [name] }
}

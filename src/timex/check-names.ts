import { type Expression, RANGE_FUNCTIONS } from './expression.ts'

/** A variable or function in an expression that does not exist. */
export type UnknownName = {
  readonly offset: number
  readonly message: string
}

/**
 * Returns the functions that do not exist and, where `variables` are given, the variables that are not among
 * them. The order is that of the expression.
 */
export function unknownNames(expression: Expression, variables?: readonly string[]): UnknownName[] {
  switch (expression.kind) {
    case 'variable': {
      if (!variables || variables.includes(expression.name)) return []
      const known = variables.map((name) => `$${name}`).join(', ')
      return [
        { offset: expression.offset, message: `unknown variable $${expression.name}; known are ${known}` },
      ]
    }
    case 'function': {
      const inner = expression.argument ? unknownNames(expression.argument, variables) : []
      if (RANGE_FUNCTIONS.some((name) => name === expression.name)) return inner
      const message = `unknown function ${expression.name}; known are ${RANGE_FUNCTIONS.join(', ')}`
      return [{ offset: expression.offset, message }, ...inner]
    }
    case 'shift':
      return unknownNames(expression.base, variables)
    case 'range':
      return [...unknownNames(expression.begin, variables), ...unknownNames(expression.end, variables)]
  }
}

/** Returns the names of the variables in an expression, in the order in which they stand there. */
export function variablesOf(expression: Expression): string[] {
  switch (expression.kind) {
    case 'variable':
      return [expression.name]
    case 'function':
      return expression.argument ? variablesOf(expression.argument) : []
    case 'shift':
      return variablesOf(expression.base)
    case 'range':
      return [...variablesOf(expression.begin), ...variablesOf(expression.end)]
  }
}

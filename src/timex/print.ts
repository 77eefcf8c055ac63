import { type DurationPart, type Expression, UNIT_WORDS } from './expression.ts'

/** Formats an expression. Parsing the text again returns the same expression, apart from offsets. */
export function printTimex(expression: Expression): string {
  switch (expression.kind) {
    case 'variable':
      return `$${expression.name}`
    case 'function':
      return expression.argument ? `${expression.name}(${printTimex(expression.argument)})` : expression.name
    case 'range':
      return `${printTimex(expression.begin)} to ${printTimex(expression.end)}`
    case 'shift': {
      const base = printTimex(expression.base)
      const operand = expression.base.kind === 'range' ? `(${base})` : base
      return `${operand} ${expression.operator} ${expression.duration.map(printPart).join(' ')}`
    }
  }
}

function printPart(part: DurationPart): string {
  const word = Object.keys(UNIT_WORDS).find((key) => UNIT_WORDS[key] === part.unit)
  return `${part.amount}${word ?? ''}`
}

import type { Event } from '../domain/event.ts'
import { FLOAT_TEXT, INTEGER_TEXT } from '../domain/number-text.ts'
import type { Report } from '../domain/report.ts'
import { instantFromMoment, type Moment } from '../domain/time.ts'
import type { Trait } from '../domain/trait.ts'
import { unknownNames } from '../timex/check-names.ts'
import { evaluateTimex, timexHolds } from '../timex/evaluate.ts'
import { parseTimex } from '../timex/parser.ts'
import { TimexError } from '../timex/timex-error.ts'
import { timeVariables, traitOf } from './event-values.ts'
import type { TraitCriterionConfig } from './trigger-config.ts'

/** Why an event does not meet a criterion; undefined when it does. */
export type Mismatch = string | undefined
export type TraitCriterion = (event: Event) => Mismatch

type Path = readonly (string | number)[]

const COMPARISONS: { readonly [operator: string]: (order: number) => boolean } = {
  '<': (order) => order < 0,
  '<=': (order) => order <= 0,
  '=': (order) => order === 0,
  '!=': (order) => order !== 0,
  '>=': (order) => order >= 0,
  '>': (order) => order > 0,
}

/** Compiles the condition on one trait of a criterion. Faults are reported at `path`. */
export function compileTraitCriterion(
  name: string,
  config: TraitCriterionConfig,
  path: Path,
  report: Report,
): TraitCriterion {
  const compiled = compileValueTest(config, path, report)
  return (event) => {
    const trait = traitOf(event, name)
    if (trait === undefined) return `trait ${name} is missing`
    const reason = compiled(trait, event)
    return reason === undefined ? undefined : `trait ${name} ${reason}`
  }
}

type ValueTest = (trait: Trait, event: Event) => Mismatch

function compileValueTest(config: TraitCriterionConfig, path: Path, report: Report): ValueTest {
  if (typeof config === 'string') return textTest(config)
  if (typeof config === 'number') return numberTest('=', config)
  // A boolean trait is stored as the int 0 or 1.
  if (typeof config === 'boolean') return numberTest('=', Number(config))
  if ('int' in config) return comparison(config.int, INTEGER, [...path, 'int'], report)
  if ('float' in config) return comparison(config.float, FLOAT, [...path, 'float'], report)
  if ('datetime' in config) return datetimeTest(config.datetime, [...path, 'datetime'], report)
  const constant = 'string' in config ? config.string : config.text
  return typeof constant === 'string' ? textTest(constant) : compileValueTest(constant, path, report)
}

function textTest(expected: string): ValueTest {
  return (trait) => {
    if (trait.type !== 'text') return `is of type ${trait.type}, not text`
    return trait.value === expected ? undefined : `is not ${JSON.stringify(expected)}`
  }
}

/** A kind of number: its name in messages and its parser, which returns undefined for any other text. */
type NumberKind = { readonly name: string; readonly read: (text: string) => number | undefined }

const INTEGER: NumberKind = {
  name: 'whole number',
  read: (text) => (INTEGER_TEXT.test(text) ? Number(text) : undefined),
}
const FLOAT: NumberKind = {
  name: 'number',
  read: (text) => (FLOAT_TEXT.test(text) ? Number(text) : infinityOf(text)),
}

/**
 * Compiles a comparison such as `> 4096`. An unknown operator never matches, as in the original, and is a
 * warning; a missing number is an error.
 */
function comparison(
  config: string | number,
  { name, read }: NumberKind,
  path: Path,
  report: Report,
): ValueTest {
  if (typeof config === 'number') return numberTest('=', config)
  const [, operator = '', text = ''] = /^\s*([<>=!]*)\s*(.*?)\s*$/s.exec(config) ?? []
  const number = read(text)
  const isOperator = operator === '' || Object.hasOwn(COMPARISONS, operator)
  if (number !== undefined && isOperator) return numberTest(operator || '=', number)
  report({
    severity: number === undefined ? 'error' : 'warning',
    code: 'comparison',
    path,
    message: `${JSON.stringify(config)} never matches; expected an operator (< <= = != >= >) and a ${name}, as in "> 4096"`,
  })
  return () => `cannot be compared with ${JSON.stringify(config)}`
}

function infinityOf(text: string): number | undefined {
  if (!/^[+-]?inf(?:inity)?$/i.test(text)) return undefined
  return text.startsWith('-') ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
}

function numberTest(operator: string, expected: number): ValueTest {
  const holds = COMPARISONS[operator] as (order: number) => boolean
  return (trait) => {
    if (trait.type !== 'int' && trait.type !== 'float') return `is of type ${trait.type}, not a number`
    const order = trait.value < expected ? -1 : trait.value > expected ? 1 : 0
    return holds(order) ? undefined : `is not ${operator} ${expected}`
  }
}

function datetimeTest(text: string, path: Path, report: Report): ValueTest {
  const holds = compileTimeTest(text, path, report)
  return (trait, event) => {
    if (trait.type !== 'datetime') return `is of type ${trait.type}, not datetime`
    return holds(trait, event)
  }
}

/**
 * Compiles a test whether a time lies in a time expression over the event's datetime traits. A variable that
 * the event lacks is a mismatch.
 */
export function compileTimeTest(
  text: string,
  path: Path,
  report: Report,
): (time: Moment, event: Event) => Mismatch {
  const expression = parseOrReport(text, path, report)
  if (!expression) return () => 'has no usable time expression'
  return (time, event) => {
    try {
      const value = evaluateTimex(expression, timeVariables(event))
      return timexHolds(value, instantFromMoment(time)) ? undefined : `is not in ${text}`
    } catch (error) {
      if (error instanceof TimexError) return `cannot be compared with ${text}: ${error.message}`
      throw error
    }
  }
}

/**
 * Parses a time expression. Reports a syntax error at `path` and returns undefined. Also reports unknown
 * functions and, where `variables` are given, variables that are not among them.
 */
export function parseOrReport(text: string, path: Path, report: Report, variables?: readonly string[]) {
  try {
    const expression = parseTimex(text)
    for (const { offset, message } of unknownNames(expression, variables)) {
      const where = `in ${JSON.stringify(text)} at column ${offset + 1}`
      report({ severity: 'error', code: 'unknown-name', path, message: `${message} ${where}` })
    }
    return expression
  } catch (error) {
    if (!(error instanceof TimexError)) throw error
    report({
      severity: 'error',
      code: 'time-expression',
      path,
      message: `bad time expression ${JSON.stringify(text)}: ${error.message}`,
    })
    return undefined
  }
}

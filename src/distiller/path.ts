import { TextSyntaxError } from '../domain/errors.ts'
import type { JsonValue } from '../domain/notification.ts'

/** The values that a field path finds in a document, nulls left out. */
export type Path = (document: JsonValue) => readonly JsonValue[]

type Step = string | number

const STEP = /(?:^|\.)(?:'([^']*)'|"([^"]*)"|([A-Za-z_][\w-]*))|\[(-?\d+)\]/y

/**
 * Compiles a path of names, quoted names and indexes, such as `payload.image_meta.'os.version'[0]`. Throws
 * TextSyntaxError.
 */
export function compilePath(text: string): Path {
  const steps = parseSteps(text.trim())
  return (document) => {
    let value: JsonValue | undefined = document
    for (const step of steps) {
      value = take(value, step)
      if (value === undefined) return []
    }
    return value === null ? [] : [value]
  }
}

function parseSteps(text: string): Step[] {
  const steps: Step[] = []
  let at = text.startsWith('$.') ? 2 : 0
  const body = text.slice(at)
  at = 0
  do {
    STEP.lastIndex = at
    const match = STEP.exec(body)
    if (!match) {
      throw new TextSyntaxError(
        `bad field path ${JSON.stringify(text)} at column ${at + 1}, expected a name, a quoted name or [index]`,
        at,
        'a name, a quoted name or [index]',
      )
    }
    const [, single, double, plain, index] = match
    steps.push(index === undefined ? ((single ?? double ?? plain) as string) : Number(index))
    at = STEP.lastIndex
  } while (at < body.length)
  return steps
}

function take(value: JsonValue, step: Step): JsonValue | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  if (typeof step === 'number') return Array.isArray(value) ? value.at(step) : undefined
  return Object.hasOwn(value, step) ? (value as { [key: string]: JsonValue })[step] : undefined
}

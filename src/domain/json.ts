import type { JsonValue } from './notification.ts'

/** Integers of fewer digits are exact in a double; most bodies hold no longer ones and need no reviver. */
const LONG_DIGITS = /\d{16}/

/** JSON.parse, but integers that a double cannot hold come as bigint. Throws SyntaxError. */
export function parseJson(text: string): JsonValue {
  return LONG_DIGITS.test(text) ? JSON.parse(text, keepInteger as never) : JSON.parse(text)
}

function keepInteger(_key: string, value: unknown, context: { source?: string }): unknown {
  if (typeof value !== 'number' || Number.isSafeInteger(value) || context.source === undefined) return value
  return /^-?\d+$/.test(context.source) ? BigInt(context.source) : value
}

/** JSON.stringify, with bigints as the digits they stand for. */
export function stringifyJson(value: unknown): string {
  return JSON.stringify(value, (_, inner) =>
    typeof inner === 'bigint'
      ? (JSON as unknown as { rawJSON(text: string): object }).rawJSON(String(inner))
      : inner,
  )
}

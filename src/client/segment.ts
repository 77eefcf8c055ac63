import { InvalidError } from '../domain/errors.ts'

/** Encodes a part of a path. Throws InvalidError for values that would make another path of it. */
export function segment(name: string, value: number | string): string {
  if (/^(\.{0,2}|count)$/i.test(String(value)))
    throw new InvalidError(
      `${name}: ${JSON.stringify(value)} cannot be requested, as it leads to another path`,
    )
  return encodeURIComponent(value)
}

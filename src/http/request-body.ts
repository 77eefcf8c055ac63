import type { Request } from 'express'
import { z } from 'zod'
import { InvalidError } from '../domain/errors.ts'
import { parseJson } from '../text/json.ts'

/** The body of an operation that takes bytes, whatever they are; empty where there is none. */
export const bytesBody = z.instanceof(Buffer).meta({ description: 'bytes', type: 'string', format: 'binary' })

/** Reads the body of a request by the schema of its operation. Throws InvalidError, which names what is wrong. */
export function readBody<B extends z.ZodType>(schema: B, { body }: Request): z.output<B> {
  const bytes = Buffer.isBuffer(body) ? body : Buffer.alloc(0)
  if ((schema as z.ZodType) === bytesBody) return bytes as z.output<B>
  const result = schema.safeParse(jsonOf(bytes))
  if (result.success) return result.data
  const [issue] = result.error.issues
  const place = issue?.path.join('.')
  throw new InvalidError(`the body${place ? `, ${place}` : ''}: ${issue?.message ?? 'it cannot be used'}`)
}

function jsonOf(bytes: Buffer): unknown {
  try {
    return parseJson(bytes.toString('utf8'))
  } catch {
    throw new InvalidError('the body is not JSON')
  }
}

import { isIP } from 'node:net'
import { z } from 'zod'
import { LOG_LEVELS, logLevelOf } from '../../runtime/log/log-level.ts'

/** An address of this machine. */
export const ipAddress = z
  .string()
  .refine((text) => isIP(text) !== 0, { error: 'expected an IP address, such as 127.0.0.1' })

/** A port; 0 is any that is free. */
export const port = z.int().min(0).max(65_535)

/** An address of HTTP or HTTPS. */
export const httpUrl = z
  .string()
  .refine((text) => URL.canParse(text) && /^https?:$/.test(new URL(text).protocol), {
    error: 'expected an address that begins with http:// or https://',
  })

/** Names of bunyan's levels by their numbers. */
const BUNYAN: { readonly [number: number]: string } = {
  10: 'debug',
  20: 'debug',
  30: 'info',
  40: 'warn',
  50: 'error',
  60: 'error',
}

/** A level of the log by the names of this project, of Python and bunyan, or a number of bunyan; an empty text is the default. */
export const logLevel = z
  .union([z.string(), z.number()])
  .transform((given) => (typeof given === 'number' ? (BUNYAN[given] ?? 'none') : given))
  .refine((text) => text === '' || text === 'trace' || logLevelOf(text) !== undefined, {
    error: `expected one of ${LOG_LEVELS.join(', ')}`,
  })
  .transform((text) => (text === 'trace' ? 'debug' : text || undefined))

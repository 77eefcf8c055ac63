import type { IncomingMessage } from 'node:http'
import { isAmongDigests, tokenDigest } from '../../runtime/token-digest.ts'

/**
 * Who may do what. Without any token everybody may do everything; with one, each request needs one.
 *
 * @example
 * { read: ['s3cret'], children: { 'west': 'w3st' } }
 */
export type StatusTokens = {
  /** tokens that may read */
  readonly read?: readonly string[]
  /** tokens that may send any key, and read */
  readonly write?: readonly string[]
  /** by the name of a child the token that may send its keys, those that begin with the name, and read */
  readonly children?: { readonly [name: string]: string }
}

/** What the sender of a request may do. */
export type Permission = {
  readonly mayWrite: boolean
  /** name that keys have to begin with */
  readonly prefix: string | undefined
}

/** Returns the permission of a request; undefined where it may do nothing. */
export type PermissionOf = (request: IncomingMessage, parameter: string | undefined) => Permission | undefined

/**
 * Creates the function that finds the permission of a request by its bearer token, or by the parameter `token` of its
 * address, since programs of hermes can send no header.
 */
export function permissions({ read = [], write = [], children = {} }: StatusTokens): PermissionOf {
  const known: (readonly [Buffer, Permission])[] = [
    ...Object.entries(children).map(
      ([name, token]) => [tokenDigest(token), { mayWrite: true, prefix: name }] as const,
    ),
    ...write.map((token) => [tokenDigest(token), { mayWrite: true, prefix: undefined }] as const),
    ...read.map((token) => [tokenDigest(token), { mayWrite: false, prefix: undefined }] as const),
  ]
  return (request, parameter) => {
    if (known.length === 0) return { mayWrite: true, prefix: undefined }
    const [scheme, header] = (request.headers.authorization ?? '').split(' ')
    const token = scheme?.toLowerCase() === 'bearer' && header ? header : parameter
    if (!token) return undefined
    const given = tokenDigest(token)
    // All are compared: the time does not say which one fits.
    return known.filter(([one]) => isAmongDigests([one], given))[0]?.[1]
  }
}

import { createHash } from 'node:crypto'
import type { MessageForm } from '../../../src/heka/wire/message-form.ts'
import { loadVectors } from '../vectors.ts'

/** Bytes of a vector: hexadecimal, a repeat, or several such runs. */
export type VectorBytes =
  | string
  | { readonly repeat: string; readonly times: number }
  | { readonly hex: string }
  | { readonly runs: readonly VectorBytes[] }

/** Bytes of an answer: hexadecimal, or their length and the begin of their SHA-256. */
export type VectorDigest = string | { readonly length: number; readonly sha256_16: string }

type Named = { readonly id: string; readonly group: string; readonly title?: string; readonly quirk?: string }

export type WireVector = Named & {
  readonly kind: string
  readonly bytes?: VectorBytes
  readonly body?: VectorBytes
  readonly message?: MessageForm
  readonly signer?: {
    readonly name: string
    readonly version: number
    readonly key: string
    readonly hash: string
  }
  readonly signers?: { readonly [name: string]: string }
  readonly chunks?: readonly VectorBytes[]
  readonly skipAuthentication?: boolean
  readonly maxMessageSize?: number
  readonly variable?: string
  readonly environment?: { readonly [name: string]: string }
  readonly expect?: {
    readonly message?: MessageForm
    readonly reencoded?: string
    readonly error?: boolean
    readonly bytes?: string
    readonly decoded?: boolean
    readonly header?: { readonly [name: string]: unknown }
    readonly frame?: string | { readonly prefix: string }
    readonly type?: string
    readonly default?: string
    readonly required?: boolean
    readonly exitCode?: number | 'running'
  }
  readonly strict?: { readonly error?: boolean; readonly decoded?: boolean; readonly exitCode?: number }
  readonly target?: {
    readonly rejected: number
    readonly undecodable: number
    readonly skipped: number
    readonly relayed: readonly VectorDigest[]
  }
}

export type WireVectors = {
  readonly signers: { readonly [name: string]: string }
  readonly cases: readonly WireVector[]
}

export type MatcherVector = Named & {
  readonly expr: string
  readonly message?: string | MessageForm
  readonly result?: boolean
  readonly error?: boolean
  readonly strict?: { readonly result?: boolean; readonly error?: boolean }
}

export type MatcherVectors = {
  readonly messages: { readonly [name: string]: MessageForm }
  readonly cases: readonly MatcherVector[]
}

export type SubscriberVector = Named & {
  readonly kind: string
  readonly messages?: readonly MessageForm[]
  readonly fields?: readonly string[]
  readonly dynamicFields?: readonly string[]
  readonly variable?: string
  readonly expect: {
    readonly body?: string
    readonly type?: string
    readonly default?: string
    readonly required?: boolean
  }
  readonly strict?: {
    readonly body?: string
    readonly value?: null
    readonly startError?: boolean
    readonly leaveOut?: boolean
  }
}

export type SubscriberVectors = {
  readonly defaultFields: readonly string[]
  readonly cases: readonly SubscriberVector[]
}

export const wireVectors = () => loadVectors<WireVectors>('heka-wire.json')
export const matcherVectors = () => loadVectors<MatcherVectors>('heka-matcher.json')
export const subscriberVectors = () => loadVectors<SubscriberVectors>('heka-subscriber.json')

/** Returns the bytes that a vector stands for. */
export function vectorBytes(value: VectorBytes): Buffer {
  if (typeof value === 'string') return Buffer.from(value, 'hex')
  if ('hex' in value) return Buffer.from(value.hex, 'hex')
  if ('runs' in value) return Buffer.concat(value.runs.map(vectorBytes))
  const one = Buffer.from(value.repeat, 'hex')
  return Buffer.alloc(one.length * value.times, one)
}

/** Returns bytes as an answer of the vectors names them: a large one by its digest, where `wanted` is one. */
export function digestOf(bytes: Buffer, wanted: VectorDigest | undefined): VectorDigest {
  if (wanted === undefined || typeof wanted === 'string') return bytes.toString('hex')
  return {
    length: bytes.length,
    sha256_16: createHash('sha256').update(bytes).digest('hex').slice(0, 16),
  }
}

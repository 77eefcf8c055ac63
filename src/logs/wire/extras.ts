import type { Extras } from './log-message.ts'

/** Numbers of the fields that only our own programs write, and only to each other once both have said hello. */
export const EXTRA = {
  /** what a side is and can: in the first message of a connection, and in its answer */
  hello: 1000,
  /** which stream of content the message belongs to: a name for one life of one file */
  stream: 1001,
  /** how long the content is once it is unpacked: its one line is packed with zstd */
  unpackedLength: 1002,
  /** in an answer: why the message is not taken; nothing of it is written */
  refusal: 1003,
  /** in an answer to no message: the other side waits for a disk or a broker, and is alive */
  waiting: 1004,
} as const

const LONGEST_HELLO = 8192
const LONGEST_NAME = 255

/** What a collector says of itself. */
export type CollectorHello = {
  /** name of the collector that no other has, the same after a restart */
  readonly peer: string
  readonly host: string
  readonly token?: string | undefined
  /** whether it would like to pack content */
  readonly zstd?: boolean
}

/** What a processor says of itself. */
export type ProcessorHello = {
  /** whether content may be packed */
  readonly zstd: boolean
  /** longest content of a message that it takes, bytes */
  readonly maxBytes: number
}

/** Returns what a collector says of itself in a message; undefined where it says nothing, as thunder does. */
export function collectorHelloOf(extras: Extras | undefined): CollectorHello | undefined {
  const { peer, host, token, zstd } = helloOf(extras) ?? {}
  if (!isName(peer) || !isName(host)) return undefined
  return { peer, host, token: typeof token === 'string' ? token : undefined, zstd: zstd === true }
}

/** Returns what a processor says of itself in an answer; undefined where it says nothing. */
export function processorHelloOf(extras: Extras | undefined): ProcessorHello | undefined {
  const { zstd, maxBytes } = helloOf(extras) ?? {}
  if (typeof maxBytes !== 'number' || !Number.isSafeInteger(maxBytes) || maxBytes < 1) return undefined
  return { zstd: zstd === true, maxBytes }
}

/** Returns the field that says hello. */
export function helloExtra(hello: CollectorHello | ProcessorHello): readonly [number, Buffer] {
  return [EXTRA.hello, Buffer.from(JSON.stringify(hello))]
}

function isName(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length <= LONGEST_NAME
}

function helloOf(extras: Extras | undefined): { readonly [name: string]: unknown } | undefined {
  const bytes = extras?.get(EXTRA.hello)
  if (!bytes || bytes.length > LONGEST_HELLO) return undefined
  try {
    const value: unknown = JSON.parse(bytes.toString())
    return typeof value === 'object' && value !== null ? { ...value } : undefined
  } catch {
    return undefined
  }
}

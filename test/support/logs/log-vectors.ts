import { createHash } from 'node:crypto'
import { loadVectors } from '../vectors.ts'

export type VectorText = string | { readonly b64: string }
/** Contents to write. */
export type VectorData =
  | { readonly text: string }
  | { readonly hex: string }
  | { readonly b64: string }
  | { readonly repeat: VectorData; readonly times: number; readonly then: VectorData }
  | { readonly lines: LineTemplate }
type LineTemplate = {
  readonly template: string
  readonly pad: number
  readonly from: number
  readonly count: number
}
type Repeated = { readonly repeat: string; readonly times: number; readonly then: string }
type VectorLine = VectorText | Repeated

export type VectorFields = {
  readonly file?: VectorText
  readonly offset?: string
  readonly inode?: string
  readonly lines: readonly VectorLine[] | { readonly line: VectorLine; readonly count: number } | LineTemplate
}

export type VectorMessage = {
  readonly file: VectorText
  readonly offset: string
  readonly inode: string
  readonly lines: readonly VectorText[]
}

export type Contents =
  | string
  | { readonly b64: string }
  | { readonly length: number; readonly sha256: string }
export type VectorFolder = { readonly [name: string]: Contents | { readonly dir: true } }

type Named = {
  readonly id: string
  readonly cat: string
  readonly note?: string
  readonly differs_on_purpose?: string
}

export type EncodeVector = Named & {
  readonly fields: VectorFields
  readonly hex?: string
  readonly bytes_length?: number
  readonly bytes_sha256?: string
  readonly bytes_head?: string
  readonly refused?: true
}

export type DecodeVector = Named & {
  readonly hex: string
  readonly messages: readonly VectorMessage[]
  readonly end: 'clean' | 'cut' | 'error'
}

export type ProcessorStep =
  | {
      readonly op: 'send'
      readonly conn: number
      readonly bytes?: string
      readonly data?: VectorFields
      readonly byte_by_byte?: true
    }
  | { readonly op: 'answers'; readonly conn: number; readonly count: number }
  | { readonly op: 'finish' | 'drop' | 'await_end'; readonly conn: number }
  | { readonly op: 'pause'; readonly ms: number }
  | { readonly op: 'signal'; readonly signal: string }
  | { readonly op: 'rename'; readonly from: string; readonly to: string }
  | { readonly op: 'delete'; readonly file: string }

export type ProcessorVector = Named & {
  readonly steps: readonly ProcessorStep[]
  readonly connections: {
    readonly [conn: string]: {
      readonly answers: readonly { readonly bytes: string }[]
      readonly ended_by_processor: boolean | null
    }
  }
  readonly target_before?: { readonly [name: string]: VectorData }
  readonly target_dirs?: readonly string[]
  readonly target_links?: { readonly [name: string]: string }
  readonly target_missing?: true
  readonly target_after: VectorFolder
  readonly exit: unknown
}

export type SessionStep = {
  readonly op: string
  readonly db?: string
  readonly file?: string
  readonly data?: VectorData
  readonly mode?: 'append' | 'create'
  readonly at?: number
  readonly as?: string
  readonly handle?: string
  readonly from?: string
  readonly to?: string
  readonly size?: number
  readonly ms?: number
  readonly quiet?: number
  readonly signal?: string
  readonly seconds?: number
}

export type ScriptRule = {
  readonly do:
    | 'answer'
    | 'none'
    | 'hold'
    | 'close'
    | 'reset'
    | 'answer_then_close'
    | 'answer_with'
    | 'bytes'
    | 'refuse'
  readonly conn?: number
  readonly from?: number
  readonly to?: number
  readonly offset?: number
  readonly inode?: number
  readonly lines?: readonly string[]
  readonly bytes?: string
}

export type VectorFrame = {
  readonly dir: 'c2p' | 'p2c'
  readonly not_a_message?: true
  readonly file?: VectorText
  readonly offset: string
  readonly inode: string
  readonly lines?: readonly VectorText[]
  readonly line_count?: number
  readonly lines_length?: number
  readonly lines_sha256?: string
}

export type VectorDb = {
  readonly final_newline: boolean
  readonly entries: readonly { readonly file: string; readonly Off: number }[]
  readonly members: readonly string[]
}

export type VectorLook = {
  readonly offsets_db: VectorDb
  readonly source: readonly string[]
  readonly target: VectorFolder | null
  readonly messages: number
}

export type SessionVector = Named & {
  readonly source_before?: readonly { readonly file: string; readonly data: VectorData }[]
  readonly offsets_db_before?: {
    readonly raw?: string
    readonly entries?: readonly { readonly file: string; readonly offset: number }[]
    readonly ino?: string
    readonly off?: string
    readonly then?: string
  }
  readonly rotation_limit?: number
  readonly processor?: readonly ScriptRule[]
  readonly steps: readonly SessionStep[]
  readonly inodes: { readonly [label: string]: string }
  readonly connections: readonly { readonly frames: readonly VectorFrame[] }[]
  readonly collector_exits: readonly (number | string | { readonly signal: string })[]
  readonly looks?: readonly VectorLook[]
  readonly source_after: VectorFolder
  readonly target_after?: VectorFolder
  readonly offsets_db_after?: VectorDb
}

export type LogVectors = {
  readonly facts: { readonly [name: string]: unknown }
  readonly encode: readonly EncodeVector[]
  readonly decode: readonly DecodeVector[]
  readonly processor: readonly ProcessorVector[]
  readonly sessions: readonly SessionVector[]
  readonly cli: readonly (Named & {
    readonly args: readonly string[]
    readonly exit: number | 'running'
    readonly stdout: boolean
    readonly stderr: boolean
    readonly usage_shown: boolean
  })[]
}

/** What thunder's programs did, as it was recorded. */
export const LOG_VECTORS: LogVectors = loadVectors<LogVectors>('logs.json')

/** Returns the bytes of a text or of a name. */
export function bytesOf(text: VectorText): Buffer {
  if (typeof text !== 'string') return Buffer.from(text.b64, 'base64')
  return text.startsWith('b64:') ? Buffer.from(text.slice(4), 'base64') : Buffer.from(text)
}

/** Returns contents to write. */
export function dataBytes(data: VectorData): Buffer {
  if ('text' in data) return Buffer.from(data.text)
  if ('hex' in data) return Buffer.from(data.hex, 'hex')
  if ('b64' in data) return Buffer.from(data.b64, 'base64')
  if ('lines' in data) return Buffer.concat(templateLines(data.lines))
  const one = dataBytes(data.repeat)
  return Buffer.concat([...Array.from({ length: data.times }, () => one), dataBytes(data.then)])
}

/** Returns the lines of a message. */
export function fieldLines({ lines }: VectorFields): Buffer[] {
  if ('template' in lines) return templateLines(lines)
  if ('line' in lines) return Array.from({ length: lines.count }, () => lineBytes(lines.line))
  return lines.map(lineBytes)
}

function lineBytes(line: VectorLine): Buffer {
  return typeof line === 'object' && 'repeat' in line
    ? Buffer.from(line.repeat.repeat(line.times) + line.then)
    : bytesOf(line)
}

function templateLines({ template, pad, from, count }: LineTemplate): Buffer[] {
  return Array.from({ length: count }, (_, index) =>
    Buffer.from(template.replaceAll('{i}', String(from + index).padStart(pad, '0'))),
  )
}

/** Returns contents in the form in which vectors have them: short text as it is, long by its hash. */
export function contentsForm(bytes: Buffer, like: unknown): unknown {
  if (typeof like === 'object' && like !== null && 'sha256' in like)
    return {
      length: bytes.length,
      sha256: sha256(bytes),
      newlines: bytes.filter((byte) => byte === 10).length,
    }
  if (typeof like === 'object' && like !== null && 'b64' in like) return { b64: bytes.toString('base64') }
  return bytes.toString()
}

export function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex')
}

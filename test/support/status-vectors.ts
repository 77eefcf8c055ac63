import { createHash } from 'node:crypto'
import { connect } from 'node:net'

export type VectorModel = { readonly [key: string]: { value: string; age: number; ttl: number } }

type VectorBody =
  | string
  | { readonly b64: string }
  | { readonly before: string; readonly repeat: string; readonly times: number; readonly then: string }
  | {
      readonly keys: string
      readonly pad: number
      readonly count: number
      readonly value: string
      readonly ttl: number
    }
  | object

export type VectorRequest = {
  readonly method: string
  readonly target: string
  readonly headers?: { readonly [name: string]: string }
  readonly body?: VectorBody
  readonly chunked?: boolean
  readonly version?: string
}

export type VectorResponse = {
  readonly status: number
  readonly headers?: { readonly [name: string]: string }
  readonly body?:
    | string
    | { readonly length: number; readonly sha256: string }
    | { readonly b64: string }
    | {
        readonly text_for_people: true
        readonly mentions: readonly string[]
        readonly ends_with_newline: boolean
      }
  readonly body_template?: string | { readonly length: number }
  readonly model?: VectorModel | null
  readonly key_order?: readonly string[]
  readonly closed_without_answer?: true
}

export type VectorStep =
  | { readonly request: VectorRequest; readonly response: VectorResponse }
  | { readonly wait: number; readonly absolute?: true }

type Named = { readonly id: string; readonly note?: string; readonly differs_on_purpose?: string }
export type ServerVector = Named & { readonly steps: readonly VectorStep[] }

export type PushVector = Named & {
  readonly arguments: readonly string[]
  readonly environment?: { readonly [name: string]: string }
  readonly steps: readonly {
    readonly post?: object
    readonly pause?: number
    readonly at?: number
    readonly get?: string
  }[]
  readonly parent?: readonly { readonly at: number; readonly parent: 'up' | 'down' }[]
  readonly parent_answers?: 'close' | { readonly status: number; readonly to?: string }
  readonly requests_to_parent: readonly {
    readonly at: number
    readonly method: string
    readonly target: string
    readonly headers: { readonly [name: string]: string }
    readonly body: string
    readonly model: VectorModel
  }[]
}

export type ScrapeVector = Named & {
  readonly children: string
  readonly child_answers: readonly {
    readonly status: number
    readonly headers: { readonly [name: string]: string }
    readonly body: string | { readonly b64: string }
  }[]
  readonly requests_to_child: readonly {
    readonly at: number
    readonly method: string
    readonly target: string
  }[]
  readonly looks: readonly { readonly at: number; readonly text: string; readonly model: VectorModel }[]
}

export type ChainVector = Named & {
  readonly links: readonly { readonly name: string; readonly mode: 'push' | 'scrape' }[]
  readonly posted_to_the_leaf: object
  readonly looks_at_the_root: readonly {
    readonly at: number
    readonly text: string
    readonly model: VectorModel
  }[]
}

export type StatusVectors = {
  readonly facts: { readonly [name: string]: unknown }
  readonly numbers: readonly { readonly id: string; readonly number: string; readonly text: string }[]
  readonly strings: readonly { readonly id: string; readonly value: string; readonly json: string }[]
  readonly orders: readonly { readonly id: string; readonly keys: string[]; readonly sorted: string[] }[]
  readonly contract: readonly { readonly id: string; readonly key: string; readonly ok: boolean }[]
  readonly server: readonly ServerVector[]
  readonly push: readonly PushVector[]
  readonly scrape: readonly ScrapeVector[]
  readonly chain: readonly ChainVector[]
  readonly cli: readonly {
    readonly id: string
    readonly args: readonly string[]
    readonly exit: number | 'running'
    readonly stdout: boolean
    readonly stderr: boolean
    readonly differs_on_purpose?: string
  }[]
}

/** Returns the bytes that the body of a vector stands for. */
export function vectorBytes(body: VectorBody): Buffer {
  if (typeof body === 'string') return Buffer.from(body)
  if ('b64' in body) return Buffer.from(body.b64, 'base64')
  if ('repeat' in body) return Buffer.from(body.before + body.repeat.repeat(body.times) + body.then)
  if (!('count' in body && 'pad' in body)) return Buffer.from(JSON.stringify(body))
  const { keys, pad, count, value, ttl } = body
  const names = Array.from({ length: count }, (_, index) =>
    keys.includes('{i}')
      ? keys.replace('{i}', String(index).padStart(pad, '0'))
      : keys + String(index).padStart(pad, '0'),
  )
  return Buffer.from(JSON.stringify(Object.fromEntries(names.map((name) => [name, { value, age: 0, ttl }]))))
}

export type RawAnswer = {
  readonly status: number
  readonly headers: { readonly [name: string]: string }
  readonly body: Buffer
}

/** Sends a request byte for byte as it stands in a vector and reads its answer, on a connection of its own. */
export async function sendRaw(port: number, request: VectorRequest): Promise<RawAnswer> {
  const { method, target, headers = {}, body, chunked, version = '1.1' } = request
  const bytes = body === undefined ? undefined : vectorBytes(body)
  const lines = [
    `${method} ${target} HTTP/${version.replace('HTTP/', '')}`,
    `Host: 127.0.0.1:${port}`,
    'Connection: close',
  ]
  for (const [name, value] of Object.entries(headers)) lines.push(`${name}: ${value}`)
  if (chunked) lines.push('Transfer-Encoding: chunked')
  else if (bytes) lines.push(`Content-Length: ${bytes.length}`)
  const head = Buffer.from(`${lines.join('\r\n')}\r\n\r\n`)
  const parts = [head, ...(bytes ? (chunked ? chunksOf(bytes) : [bytes]) : [])]
  const answer = await exchange(port, Buffer.concat(parts))
  return parseAnswer(answer)
}

function chunksOf(bytes: Buffer): Buffer[] {
  const half = Math.ceil(bytes.length / 2)
  const chunks = [bytes.subarray(0, half), bytes.subarray(half)].filter(({ length }) => length > 0)
  return [
    ...chunks.flatMap((chunk) => [
      Buffer.from(`${chunk.length.toString(16)}\r\n`),
      chunk,
      Buffer.from('\r\n'),
    ]),
    Buffer.from('0\r\n\r\n'),
  ]
}

function exchange(port: number, bytes: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1')
    const parts: Buffer[] = []
    socket.on('data', (part: Buffer) => parts.push(part))
    socket.once('error', reject)
    socket.once('close', () => resolve(Buffer.concat(parts)))
    socket.write(bytes)
  })
}

function parseAnswer(bytes: Buffer): RawAnswer {
  let rest = bytes
  for (;;) {
    const end = rest.indexOf('\r\n\r\n')
    const [first = '', ...lines] = rest.subarray(0, end).toString('latin1').split('\r\n')
    const status = Number(first.split(' ')[1])
    rest = rest.subarray(end + 4)
    if (status === 100) continue
    const headers = Object.fromEntries(
      lines.map((line) => [
        line.slice(0, line.indexOf(':')).toLowerCase(),
        line.slice(line.indexOf(':') + 1).trim(),
      ]),
    )
    return { status, headers, body: headers['transfer-encoding'] === 'chunked' ? joined(rest) : rest }
  }
}

function joined(chunked: Buffer): Buffer {
  const parts: Buffer[] = []
  for (let at = 0; ; ) {
    const lineEnd = chunked.indexOf('\r\n', at)
    const size = Number.parseInt(chunked.subarray(at, lineEnd).toString(), 16)
    if (!(size > 0)) return Buffer.concat(parts)
    parts.push(chunked.subarray(lineEnd + 2, lineEnd + 2 + size))
    at = lineEnd + 2 + size + 2
  }
}

/** Returns what differs between an answer and that of a vector. Ages may differ by half a second. */
export function differencesOf({ status, headers, body }: RawAnswer, expected: VectorResponse): string[] {
  const found: string[] = []
  const compare = (what: string, actual: unknown, wanted: unknown) => {
    if (JSON.stringify(actual) !== JSON.stringify(wanted))
      found.push(
        `${what}: expected ${JSON.stringify(wanted)}, found ${JSON.stringify(actual)?.slice(0, 500)}`,
      )
  }
  compare('status', status, expected.status)
  for (const [name, value] of Object.entries(expected.headers ?? {})) {
    // The length of JSON depends on its ages.
    if (name === 'Content-Length' && expected.body_template !== undefined) continue
    compare(name, headers[name.toLowerCase()], value)
  }
  const text = body.toString()
  const wanted = expected.body
  if (typeof wanted === 'string') compare('body', text, wanted)
  else if (wanted && 'b64' in wanted) compare('body', body.toString('base64'), wanted.b64)
  else if (wanted && 'sha256' in wanted) {
    compare('length', body.length, wanted.length)
    compare('sha256', createHash('sha256').update(body).digest('hex'), wanted.sha256)
  } else if (wanted) {
    compare('ends with newline', text.endsWith('\n'), wanted.ends_with_newline)
    if (text === '') found.push('there is no text for people')
    for (const word of wanted.mentions)
      if (!text.includes(word)) found.push(`${word} is not mentioned in: ${text}`)
  }
  const { body_template: template } = expected
  const withoutAges = text.replace(/^( {8}"age": )[^,]+,$/gm, '$1<age>,')
  if (typeof template === 'string') compare('body', withoutAges, template)
  // The length is that of a text with an age of that day in it.
  else if (template) {
    const age = template.length - Buffer.byteLength(withoutAges.replace('<age>', ''))
    if (age < 1 || age > 22) found.push(`length: expected about ${template.length}, found ${body.length}`)
  }
  if (expected.key_order) compare('order', keysIn(text), expected.key_order)
  if (expected.model) found.push(...modelDifferences(JSON.parse(text), expected.model))
  return found
}

/** Returns the keys of the JSON form in the order in which they stand there. */
function keysIn(text: string): string[] {
  return [...text.matchAll(/^ {4}("(?:[^"\\]|\\.)*"): \{$/gm)].map((match) => JSON.parse(match[1] as string))
}

/** Returns what differs between two models, ages by more than half a second. */
export function modelDifferences(actual: VectorModel, expected: VectorModel): string[] {
  const names = new Set([...Object.keys(actual), ...Object.keys(expected)])
  return [...names].flatMap((name) => {
    const [one, other] = [actual[name], expected[name]]
    if (!one || !other) return [`${name} is ${one ? 'too many' : 'missing'}`]
    const isSame = one.value === other.value && one.ttl === other.ttl && Math.abs(one.age - other.age) <= 0.5
    return isSame ? [] : [`${name}: expected ${JSON.stringify(other)}, found ${JSON.stringify(one)}`]
  })
}

import { createHash } from 'node:crypto'
import { NotFoundError, StackTachError, TransientError } from '../../domain/errors.ts'
import type { OutgoingResponse } from '../../runtime/outgoing.ts'
import { checkedContent } from '../checked-content.ts'
import { ContentError } from '../content-error.ts'
import { verifyContent } from '../digest.ts'
import { keyBelow } from '../key-path.ts'
import { createInTurns } from '../key-turns.ts'
import { etagOf, saidIn } from '../send-to-store.ts'
import type { Digest, ObjectTarget, Verification } from '../target.ts'
import { targetName } from '../target-name.ts'
import type { SwiftAuthSettings } from './swift-auth.ts'
import { SwiftClient, type SwiftRequest } from './swift-client.ts'

export type SwiftSettings = SwiftAuthSettings & {
  readonly container: string
  readonly prefix?: string | undefined
  /** seconds after which Swift removes an object */
  readonly delete_after?: number | undefined
  /** size above which an object is stored in segments, MB */
  readonly segment_mb?: number | undefined
}

const MB = 1_000_000
/** The size of a segment unless another is given; Swift takes up to 5 GB. */
const SEGMENT_MB = 1000

/**
 * Returns a container of Swift as a target. Objects are created only where there is none; those that are larger than a segment are
 * Static Large Objects, whose segments lie in CONTAINER_segments. The checksum of a plain object is compared, a large one is read back.
 */
export function createSwiftTarget(settings: SwiftSettings): ObjectTarget {
  // Swift looks for an object when a put begins, and two at once would both be taken.
  return createInTurns(new SwiftTarget(settings))
}

class SwiftTarget implements ObjectTarget {
  readonly name: string
  readonly #settings: SwiftSettings
  readonly #client: SwiftClient
  readonly #segmentBytes: number

  constructor(settings: SwiftSettings) {
    const { container, prefix } = settings
    this.name = targetName('swift', container, prefix)
    this.#settings = settings
    this.#client = new SwiftClient(settings)
    this.#segmentBytes = (settings.segment_mb ?? SEGMENT_MB) * MB
  }

  async head(key: string): Promise<string | undefined> {
    const response = await this.#send('HEAD', key)
    return response && revisionOf(response)
  }

  async create(
    key: string,
    content: AsyncIterable<Buffer>,
    digest: Digest,
    echo?: (revision: string) => void,
  ): Promise<'created' | 'exists'> {
    if (digest.size > this.#segmentBytes) return this.#createLarge(key, content, digest)
    const request = {
      headers: { etag: digest.md5, 'content-length': String(digest.size), ...this.#facts(digest) },
      body: () => checkedContent(key, content, digest),
    }
    return this.#put(key, request, (stored) => {
      if (etagOf(stored) === digest.md5) echo?.(`${stored.headers.get('etag')}`)
    })
  }

  async verify(key: string, digest: Digest): Promise<Verification> {
    const response = await this.#send('HEAD', key)
    if (!response) return { kind: 'missing' }
    const revision = revisionOf(response)
    const isLarge = response.headers.has('x-static-large-object')
    const etag = etagOf(response)
    const size = Number(response.headers.get('content-length'))
    if (isLarge || etag === '') return verifyContent(revision, this.read(key), digest)
    return etag === digest.md5 && size === digest.size
      ? { kind: 'same', revision }
      : { kind: 'differs', revision, found: `MD5 ${etag} (${size} bytes; here ${digest.md5})` }
  }

  async *read(key: string): AsyncGenerator<Buffer> {
    const response = await this.#send('GET', key)
    if (!response) throw new NotFoundError(`${this.name} has no object ${key}`)
    for await (const piece of response.body ?? []) yield Buffer.from(piece as Uint8Array)
  }

  async remove(key: string): Promise<boolean> {
    const there = await this.#send('HEAD', key)
    if (!there) return false
    // The segments of a large object go with it.
    const isLarge = there.headers.has('x-static-large-object')
    const query = isLarge ? '?multipart-manifest=delete' : ''
    await this.#require({ method: 'DELETE', path: this.#pathOf(key), query })
    return true
  }

  async close(): Promise<void> {}

  /** Stores segments, then the manifest under the key: until then there is no such object. */
  async #createLarge(
    key: string,
    content: AsyncIterable<Buffer>,
    digest: Digest,
  ): Promise<'created' | 'exists'> {
    if ((await this.head(key)) !== undefined) return 'exists'
    const segments: { path: string; etag: string; size_bytes: number }[] = []
    const folder = `/${this.#settings.container}_segments`
    await this.#require({ method: 'PUT', path: folder })
    const name = `${folder}/${this.#keyOf(key)}/${digest.sha256}`
    const source = new Slices(checkedContent(key, content, digest))
    for (let number = 0; !(await source.isAtEnd()); number++) {
      const path = `${name}/${String(number).padStart(6, '0')}`
      const slice = source.next(this.#segmentBytes)
      const stored = await this.#require({
        method: 'PUT',
        path,
        headers: this.#expiry(),
        body: () => slice.content,
      })
      const etag = etagOf(stored)
      const { md5, size } = slice.digest()
      if (etag !== md5)
        throw new TransientError(`${this.name}: the segment ${path} arrived with another checksum`)
      segments.push({ path, etag: md5, size_bytes: size })
    }
    return this.#put(key, {
      query: '?multipart-manifest=put',
      headers: this.#facts(digest),
      body: () => Buffer.from(JSON.stringify(segments)),
    })
  }

  async #put(
    key: string,
    request: Pick<SwiftRequest, 'headers' | 'body' | 'query'>,
    stored: (response: OutgoingResponse) => void = () => {},
  ): Promise<'created' | 'exists'> {
    const response = await this.#client.send({
      ...request,
      method: 'PUT',
      path: this.#pathOf(key),
      headers: { ...request.headers, 'if-none-match': '*' },
    })
    const text = await response.text()
    if (response.status === 412) return 'exists'
    if (response.status === 422) throw new ContentError(key)
    if (!response.ok) throw this.#fault('PUT', response.status, text)
    stored(response)
    return 'created'
  }

  async #require(request: SwiftRequest): Promise<OutgoingResponse> {
    const response = await this.#client.send(request)
    const text = await response.text()
    if (!response.ok) throw this.#fault(request.method, response.status, text)
    return response
  }

  /** Asks about an object or for it; resolves to undefined when there is none. */
  async #send(method: 'GET' | 'HEAD', key: string): Promise<OutgoingResponse | undefined> {
    const response = await this.#client.send({ method, path: this.#pathOf(key) })
    if (response.ok) return response
    const text = await response.text()
    if (response.status === 404) return undefined
    throw this.#fault(method, response.status, text)
  }

  #facts({ sha256 }: Digest): { readonly [name: string]: string } {
    return { 'x-object-meta-sha256': sha256, ...this.#expiry() }
  }

  #expiry(): { readonly [name: string]: string } {
    const { delete_after: seconds } = this.#settings
    return seconds === undefined ? {} : { 'x-delete-after': String(seconds) }
  }

  #keyOf(key: string): string {
    return keyBelow(this.#settings.prefix ?? '', key)
  }

  #pathOf(key: string): string {
    return `/${this.#settings.container}/${this.#keyOf(key)}`
  }

  #fault(method: string, status: number, text: string): StackTachError {
    const hint = status === 404 ? `; is there a container ${this.#settings.container}?` : ''
    const said = saidIn(text)
    return new StackTachError(
      'io',
      `${this.name} answered ${status} to ${method}${said === '' ? '' : `: ${said}`}${hint}`,
    )
  }
}

function revisionOf({ headers }: OutgoingResponse): string {
  return `${headers.get('etag')} ${headers.get('x-timestamp')}`
}

type Slice = {
  readonly content: AsyncIterable<Buffer>
  /** Returns the digest of the slice when all of it was taken. */
  digest(): { readonly md5: string; readonly size: number }
}

/** Cuts content into slices that are taken one after the other. */
class Slices {
  readonly #pieces: AsyncIterator<Buffer>
  #rest: Buffer | undefined

  constructor(content: AsyncIterable<Buffer>) {
    this.#pieces = content[Symbol.asyncIterator]()
  }

  async isAtEnd(): Promise<boolean> {
    return (await this.#piece()) === undefined
  }

  next(most: number): Slice {
    const hash = createHash('md5')
    let size = 0
    const take = async function* (this: Slices): AsyncGenerator<Buffer> {
      while (size < most) {
        const piece = await this.#piece()
        if (!piece) return
        const part = piece.subarray(0, most - size)
        this.#rest = piece.length > part.length ? piece.subarray(part.length) : undefined
        hash.update(part)
        size += part.length
        yield part
      }
    }
    return { content: take.call(this), digest: () => ({ md5: hash.digest('hex'), size }) }
  }

  async #piece(): Promise<Buffer | undefined> {
    if (this.#rest) return this.#rest
    const { value, done } = await this.#pieces.next()
    this.#rest = done ? undefined : value
    return this.#rest
  }
}

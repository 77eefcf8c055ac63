import { NotFoundError, StackTachError, TransientError } from '../../domain/errors.ts'
import type { OutgoingResponse } from '../../runtime/outgoing.ts'
import { checkedContent, wholeContent } from '../checked-content.ts'
import { ContentError } from '../content-error.ts'
import { verifyContent } from '../digest.ts'
import { createInTurns } from '../key-turns.ts'
import { etagOf, saidIn, sendToStore } from '../send-to-store.ts'
import type { SignedRequest, SignRequest } from '../signer.ts'
import type { Digest, ObjectTarget, Verification } from '../target.ts'

/** S3 and Swift take no more in one request, bytes. */
const MOST_BYTES = 5_000_000_000
/** Up to this size content is held in memory while it is sent, bytes. */
const SMALL_BYTES = 8 * 1024 * 1024

/**
 * Returns a target whose requests somebody else signs, who has the keys of the store. Objects of up to 5 GB are created where there is
 * none. An ETag that is no MD5 is compared by reading back.
 */
export function createSignedTarget(
  name: string,
  sign: (request: SignRequest) => Promise<SignedRequest>,
): ObjectTarget {
  return createInTurns(new SignedTarget(name, sign))
}

class SignedTarget implements ObjectTarget {
  readonly name: string
  readonly #sign: (request: SignRequest) => Promise<SignedRequest>
  /** whether the store takes the condition that there is no object */
  #takesConditions = true

  constructor(name: string, sign: (request: SignRequest) => Promise<SignedRequest>) {
    this.name = name
    this.#sign = sign
  }

  get isAskedFirst(): boolean {
    return !this.#takesConditions
  }

  async head(key: string): Promise<string | undefined> {
    const response = await this.#ask('head', key)
    return response && revisionOf(response)
  }

  async create(
    key: string,
    content: AsyncIterable<Buffer>,
    digest: Digest,
    echo: (revision: string) => void = () => {},
  ): Promise<'created' | 'exists'> {
    if (digest.size > MOST_BYTES)
      throw new StackTachError('io', `${this.name}: objects above 5 GB need a key of the store on this host`)
    // What is small can be sent again.
    const whole = digest.size <= SMALL_BYTES ? await wholeContent(key, content, digest) : undefined
    const answer = await this.#put(key, whole ?? checkedContent(key, content, digest), digest, echo)
    if (answer !== 'unconditional') return answer
    this.#takesConditions = false
    const again = whole && (await this.#put(key, whole, digest, echo))
    if (again && again !== 'unconditional') return again
    throw new TransientError(`${this.name} takes no conditions; it is asked for the object at the next try`)
  }

  /** Sends content once; `unconditional` where the store takes no conditions. */
  async #put(
    key: string,
    content: AsyncIterable<Buffer> | Buffer,
    digest: Digest,
    echo: (revision: string) => void,
  ): Promise<'created' | 'exists' | 'unconditional'> {
    const isUnconditional = !this.#takesConditions
    const signed = await this.#sign({
      operation: 'put',
      key,
      digest,
      ...(isUnconditional ? { isUnconditional } : {}),
    })
    if (signed.kind === 'exists') return 'exists'
    const response = await sendToStore({ ...signed, body: content })
    const text = await response.text()
    // 409: another upload of this key ends at the same time.
    if (response.status === 412 || response.status === 409) return 'exists'
    if (response.status === 422 || /BadDigest/.test(text)) throw new ContentError(key)
    if (response.status === 501 && !isUnconditional) return 'unconditional'
    if (!response.ok) throw this.#fault('put', response.status, text)
    if (etagOf(response) === digest.md5) echo(`${response.headers.get('etag')}`)
    return 'created'
  }

  async verify(key: string, digest: Digest): Promise<Verification> {
    const response = await this.#ask('head', key)
    if (!response) return { kind: 'missing' }
    const revision = revisionOf(response)
    const etag = etagOf(response)
    const size = Number(response.headers.get('content-length'))
    if (/^[0-9a-f]{32}$/.test(etag) && etag === digest.md5 && size === digest.size)
      return { kind: 'same', revision }
    return verifyContent(revision, this.read(key), digest)
  }

  async *read(key: string): AsyncGenerator<Buffer> {
    const response = await this.#ask('get', key)
    if (!response) throw new NotFoundError(`${this.name} has no object ${key}`)
    for await (const piece of response.body ?? []) yield Buffer.from(piece as Uint8Array)
  }

  async remove(): Promise<boolean> {
    throw new StackTachError('io', `${this.name}: nothing is removed by signed requests`)
  }

  async close(): Promise<void> {}

  async #ask(operation: 'head' | 'get', key: string): Promise<OutgoingResponse | undefined> {
    const signed = await this.#sign({ operation, key })
    if (signed.kind === 'exists') throw new StackTachError('io', `${this.name}: not signed`)
    const response = await sendToStore(signed)
    if (response.ok) return response
    const text = await response.text()
    if (response.status === 404) return undefined
    throw this.#fault(operation, response.status, text)
  }

  #fault(operation: string, status: number, text: string): StackTachError {
    return new StackTachError('io', `${this.name} answered ${status} to ${operation}: ${saidIn(text)}`)
  }
}

function revisionOf({ headers }: OutgoingResponse): string {
  return `${headers.get('etag')} ${headers.get('x-timestamp') ?? headers.get('last-modified')}`
}

import { createHash } from 'node:crypto'
import type * as S3 from '@aws-sdk/client-s3'
import { messageOf, NotFoundError, StackTachError } from '../../domain/errors.ts'
import { checkedContent, wholeContent } from '../checked-content.ts'
import { verifyContent } from '../digest.ts'
import { plainEtag } from '../etag.ts'
import { keyBelow } from '../key-path.ts'
import { createInTurns } from '../key-turns.ts'
import type { Digest, ObjectTarget, Verification } from '../target.ts'
import { targetName } from '../target-name.ts'
import { base64Of, connectS3, objectFacts, type S3Settings, statusOf } from './s3-connection.ts'

const MB = 1024 * 1024
/** Larger objects are uploaded in parts of this size; each upload holds one in memory. */
const PART_BYTES = 8 * MB
/** S3 takes no more parts. */
const MOST_PARTS = 10_000

/**
 * Opens a bucket of S3, or of a store that speaks its protocol, as a target. Rejects with StackTachError when the package
 * @aws-sdk/client-s3, which is optional, is not installed.
 */
export async function openS3Target(settings: S3Settings): Promise<ObjectTarget> {
  const { sdk, client } = await connectS3(settings)
  return createInTurns(new S3Target(sdk, client, settings))
}

class S3Target implements ObjectTarget {
  readonly name: string
  readonly #sdk: typeof S3
  readonly #client: S3.S3Client
  readonly #settings: S3Settings
  /** whether the store takes conditions of a put; it is asked first where it does not */
  #takesConditions: boolean

  constructor(sdk: typeof S3, client: S3.S3Client, settings: S3Settings) {
    this.name = targetName('s3', settings.bucket, settings.prefix)
    this.#sdk = sdk
    this.#client = client
    this.#settings = settings
    this.#takesConditions = settings.conditions !== false
  }

  get isAskedFirst(): boolean {
    return !this.#takesConditions
  }

  async head(key: string): Promise<string | undefined> {
    const head = await this.#head(key)
    return head && revisionOf(head)
  }

  async create(
    key: string,
    content: AsyncIterable<Buffer>,
    digest: Digest,
    echo?: (revision: string) => void,
  ): Promise<'created' | 'exists'> {
    const at = this.#at(key)
    // A store without conditions is asked; and no large upload is begun in vain.
    const isLarge = digest.size > PART_BYTES
    if ((isLarge || !this.#takesConditions) && (await this.#head(key)) !== undefined) return 'exists'
    try {
      if (isLarge) await this.#putParts(key, content, digest)
      else {
        const { ETag: etag = '', VersionId: version } = await this.#putWhole(
          at,
          await wholeContent(key, content, digest),
          digest,
        )
        // An encrypted object has another.
        if (plainEtag(etag) === digest.md5) echo?.(version === undefined ? etag : `${etag} ${version}`)
      }
      return 'created'
    } catch (error) {
      if (isTaken(error)) return 'exists'
      throw this.#fault(error)
    }
  }

  async verify(key: string, digest: Digest): Promise<Verification> {
    const head = await this.#head(key)
    if (!head) return { kind: 'missing' }
    const revision = revisionOf(head)
    const etag = plainEtag(head.ETag)
    const isPlain = /^[0-9a-f]{32}$/.test(etag)
    if (isPlain && etag === digest.md5 && head.ContentLength === digest.size)
      return { kind: 'same', revision }
    // What was uploaded in parts or encrypted has another ETag than the MD5 of its content.
    return verifyContent(revision, this.read(key), digest)
  }

  async *read(key: string): AsyncGenerator<Buffer> {
    const { Body: body } = await this.#send(new this.#sdk.GetObjectCommand(this.#at(key)), key)
    for await (const piece of body as AsyncIterable<Uint8Array>) yield Buffer.from(piece)
  }

  async remove(key: string): Promise<boolean> {
    if ((await this.#head(key)) === undefined) return false
    await this.#send(new this.#sdk.DeleteObjectCommand(this.#at(key)), key)
    return true
  }

  async close(): Promise<void> {
    this.#client.destroy()
  }

  async #putWhole(at: Place, body: Buffer, digest: Digest): Promise<S3.PutObjectCommandOutput> {
    const command = (conditions: object) =>
      new this.#sdk.PutObjectCommand({
        ...{ ...at, Body: body, ContentLength: body.length, ContentMD5: base64Of(digest.md5) },
        ...this.#facts(digest),
        ...conditions,
      })
    return this.#withCondition(at, (conditions) => this.#client.send(command(conditions)))
  }

  /** Sends what may have the condition that there is no object. A store that knows no conditions is asked for the object instead. */
  async #withCondition<T>(at: Place, send: (conditions: object) => Promise<T>): Promise<T> {
    const isConditional = this.#takesConditions
    try {
      return await send(isConditional ? { IfNoneMatch: '*' } : {})
    } catch (error) {
      if (!isConditional || statusOf(error) !== 501) throw error
      this.#takesConditions = false
      if (await this.#headAt(at)) throw new TakenError()
      return send({})
    }
  }

  async #putParts(key: string, content: AsyncIterable<Buffer>, digest: Digest): Promise<void> {
    const { sdk, client, at } = { sdk: this.#sdk, client: this.#client, at: this.#at(key) }
    const { UploadId } = await client.send(
      new sdk.CreateMultipartUploadCommand({ ...at, ...this.#facts(digest) }),
    )
    const upload = { ...at, UploadId }
    try {
      const Parts: S3.CompletedPart[] = []
      const size = Math.max(PART_BYTES, Math.ceil(digest.size / MOST_PARTS))
      for await (const part of parts(key, content, digest, size)) {
        const PartNumber = Parts.length + 1
        const ContentMD5 = createHash('md5').update(part).digest('base64')
        const command = new sdk.UploadPartCommand({ ...upload, PartNumber, Body: part, ContentMD5 })
        const { ETag } = await client.send(command)
        Parts.push({ PartNumber, ETag })
      }
      const complete = (conditions: object) =>
        client.send(
          new sdk.CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts }, ...conditions }),
        )
      await this.#withCondition(at, complete)
    } catch (error) {
      // The error of the upload counts; parts that stay are for a life-cycle rule of the bucket.
      await client.send(new sdk.AbortMultipartUploadCommand(upload)).catch(() => {})
      throw error
    }
  }

  #facts(digest: Digest): object {
    return objectFacts(this.#settings, digest)
  }

  #head(key: string): Promise<S3.HeadObjectCommandOutput | undefined> {
    return this.#headAt(this.#at(key))
  }

  async #headAt(at: Place): Promise<S3.HeadObjectCommandOutput | undefined> {
    try {
      return await this.#client.send(new this.#sdk.HeadObjectCommand(at))
    } catch (error) {
      if (statusOf(error) === 404) return undefined
      throw this.#fault(error)
    }
  }

  async #send(command: S3.GetObjectCommand, key: string): Promise<S3.GetObjectCommandOutput>
  async #send(command: S3.DeleteObjectCommand, key: string): Promise<S3.DeleteObjectCommandOutput>
  async #send(command: S3.GetObjectCommand | S3.DeleteObjectCommand, key: string): Promise<object> {
    try {
      return await this.#client.send(command as S3.GetObjectCommand)
    } catch (error) {
      if (statusOf(error) === 404) throw new NotFoundError(`${this.name} has no object ${key}`)
      throw this.#fault(error)
    }
  }

  #at(key: string): Place {
    return { Bucket: this.#settings.bucket, Key: keyBelow(this.#settings.prefix ?? '', key) }
  }

  #fault(error: unknown): unknown {
    const status = statusOf(error)
    if (status === undefined || error instanceof StackTachError) return error
    const name = (error as Error).name
    return new StackTachError('io', `${this.name} answered ${status} ${name}: ${messageOf(error)}`, {
      cause: error,
    })
  }
}

type Place = { readonly Bucket: string; readonly Key: string }

/** Thrown when a store without conditions has an object under the key. */
class TakenError extends Error {}

function isTaken(error: unknown): boolean {
  // 409: another upload of this key ends at the same time.
  return error instanceof TakenError || [409, 412].includes(statusOf(error) ?? 0)
}

function revisionOf({ ETag, LastModified, VersionId }: S3.HeadObjectCommandOutput): string {
  return [ETag, LastModified?.toISOString(), VersionId].filter((part) => part !== undefined).join(' ')
}

/** Yields content in parts of one size but for the last. Throws ContentError at its end when it is not the one announced. */
async function* parts(
  key: string,
  content: AsyncIterable<Buffer>,
  digest: Digest,
  size: number,
): AsyncGenerator<Buffer> {
  let part = Buffer.allocUnsafe(size)
  let length = 0
  // The last part is kept back until it is known that all is as announced.
  for await (const piece of checkedContent(key, content, digest)) {
    for (let at = 0; at < piece.length; ) {
      if (length === part.length) {
        yield part
        part = Buffer.allocUnsafe(size)
        length = 0
      }
      const copied = piece.copy(part, length, at)
      at += copied
      length += copied
    }
  }
  if (length > 0) yield part.subarray(0, length)
}

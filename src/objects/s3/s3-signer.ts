import type * as S3 from '@aws-sdk/client-s3'
import { messageOf, StackTachError } from '../../domain/errors.ts'
import { keyBelow } from '../key-path.ts'
import type { ObjectSigner, SignedRequest, SignRequest } from '../signer.ts'
import {
  base64Of,
  connectS3,
  objectFacts,
  type S3Connection,
  type S3Settings,
  statusOf,
} from './s3-connection.ts'

/** For how long a signed request may be begun, s. */
const VALID_S = 900

type Presign = (
  client: S3.S3Client,
  command: never,
  options: { readonly expiresIn: number; readonly unhoistableHeaders?: Set<string> },
) => Promise<string>

/**
 * Opens a signer for a bucket of S3. Rejects with StackTachError when the packages @aws-sdk/client-s3 and @aws-sdk/s3-request-presigner
 * are not installed.
 */
export async function openS3Signer(settings: S3Settings): Promise<ObjectSigner> {
  const connection = await connectS3(settings)
  try {
    const { getSignedUrl } = await import('@aws-sdk/s3-request-presigner')
    return new S3Signer(connection, getSignedUrl as unknown as Presign, settings)
  } catch (error) {
    throw new StackTachError(
      'config',
      `presigned requests need a package that is not installed: npm install @aws-sdk/s3-request-presigner (${messageOf(error)})`,
      { cause: error },
    )
  }
}

class S3Signer implements ObjectSigner {
  readonly #connection: S3Connection
  readonly #presign: Presign
  readonly #settings: S3Settings

  constructor(connection: S3Connection, presign: Presign, settings: S3Settings) {
    this.#connection = connection
    this.#presign = presign
    this.#settings = settings
  }

  async sign(request: SignRequest): Promise<SignedRequest> {
    const { sdk } = this.#connection
    const { operation, key, digest, isUnconditional } = request
    const at = { Bucket: this.#settings.bucket, Key: keyBelow(this.#settings.prefix ?? '', key) }
    if (operation === 'head') return this.#signed('HEAD', new sdk.HeadObjectCommand(at))
    if (operation === 'get') return this.#signed('GET', new sdk.GetObjectCommand(at))
    if (!digest) throw new StackTachError('invalid', 'a put is signed with the digest of its content')
    const isAsked = isUnconditional || this.#settings.conditions === false
    if (isAsked && (await this.#isThere(at))) return { kind: 'exists' }
    const command = new sdk.PutObjectCommand({
      ...at,
      ContentLength: digest.size,
      ContentMD5: base64Of(digest.md5),
      ...objectFacts(this.#settings, digest),
      ...(isAsked ? {} : { IfNoneMatch: '*' }),
    })
    return this.#signed('PUT', command)
  }

  async #isThere(at: { readonly Bucket: string; readonly Key: string }): Promise<boolean> {
    const { sdk, client } = this.#connection
    try {
      await client.send(new sdk.HeadObjectCommand(at))
      return true
    } catch (error) {
      if (statusOf(error) === 404) return false
      throw error
    }
  }

  /** Signs a request with all headers that it needs, so that who sends it can leave none out. */
  async #signed(
    method: string,
    command: S3.PutObjectCommand | S3.GetObjectCommand | S3.HeadObjectCommand,
  ): Promise<SignedRequest> {
    let all: { readonly [name: string]: string } = {}
    const see = (next: (args: unknown) => unknown) => (args: { request: { headers: typeof all } }) => {
      all = { ...args.request.headers }
      return next(args)
    }
    const { middlewareStack } = command as S3.GetObjectCommand
    middlewareStack.add(see as never, { step: 'build', priority: 'low', name: 'seeHeaders' })
    // Other stores read what describes an object in headers only.
    const unhoistableHeaders = new Set(NAMES)
    const url = await this.#presign(this.#connection.client, command as never, {
      expiresIn: VALID_S,
      unhoistableHeaders,
    })
    const signed = new URL(url).searchParams.get('X-Amz-SignedHeaders')?.split(';') ?? []
    const headers = Object.entries(all).filter(
      ([name]) => signed.includes(name.toLowerCase()) && name.toLowerCase() !== 'host',
    )
    return { kind: 'signed', method, url, headers: Object.fromEntries(headers) }
  }
}

/** Headers of S3 that describe an object. */
const NAMES = [
  'x-amz-meta-sha256',
  'x-amz-storage-class',
  'x-amz-server-side-encryption',
  'x-amz-server-side-encryption-aws-kms-key-id',
  'x-amz-tagging',
  'x-amz-object-lock-mode',
  'x-amz-object-lock-retain-until-date',
]

import { type AgentOptions, Agent as HttpAgent } from 'node:http'
import { Agent as HttpsAgent } from 'node:https'
import type * as S3 from '@aws-sdk/client-s3'
import { messageOf, StackTachError } from '../../domain/errors.ts'
import { readSecret } from '../../runtime/read-secret.ts'
import type { Digest } from '../target.ts'

export type S3Settings = {
  readonly bucket: string
  readonly prefix?: string | undefined
  /** undefined for that of AWS */
  readonly endpoint?: string | undefined
  readonly region?: string | undefined
  /** whether the bucket stands in the path of requests, and not in their host */
  readonly path_style?: boolean | undefined
  /** the id of an access key; undefined where the SDK finds one, as in the environment or of the machine */
  readonly access_key?: string | undefined
  /** a file with its secret, readable by its owner only */
  readonly secret_file?: string | undefined
  /** whether the store heeds the condition that there is no object; with false it is asked first */
  readonly conditions?: boolean | undefined
  readonly storage_class?: string | undefined
  readonly sse?: string | undefined
  readonly sse_key?: string | undefined
  readonly tags?: { readonly [name: string]: string } | undefined
  readonly lock_mode?: 'GOVERNANCE' | 'COMPLIANCE' | undefined
  readonly lock_days?: number | undefined
}

const CONNECT_MS = 6000
const MOST_SOCKETS = 64
const STALL_MS = 60_000
const DAY_MS = 86_400_000

/** The SDK, and a client of it. */
export type S3Connection = { readonly sdk: typeof S3; readonly client: S3.S3Client }

/**
 * Opens a client for a bucket. Rejects with StackTachError when the package @aws-sdk/client-s3, which is optional, is not
 * installed.
 */
export async function connectS3(settings: S3Settings): Promise<S3Connection> {
  const sdk = await loadSdk()
  const { endpoint, region = 'us-east-1', path_style: forcePathStyle = endpoint !== undefined } = settings
  const client = new sdk.S3Client({
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(await credentialsOf(settings)),
    region,
    forcePathStyle,
    // Checksums of the SDK's own make other stores refuse what is sent.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: {
      ...{ connectionTimeout: CONNECT_MS, requestTimeout: STALL_MS, throwOnRequestTimeout: true },
      httpAgent: new HttpAgent(agentOptions()),
      httpsAgent: new HttpsAgent(agentOptions()),
    },
  })
  return { sdk, client }
}

/** Returns options of connections that stay open, and lead through the proxy of the environment but to this machine. */
function agentOptions(): AgentOptions {
  const { no_proxy: none = process.env.NO_PROXY } = process.env
  const around = [none, 'localhost', '127.0.0.1', '[::1]', '::1'].filter((host) => host).join(',')
  return {
    keepAlive: true,
    maxSockets: MOST_SOCKETS,
    proxyEnv: { ...process.env, no_proxy: around, NO_PROXY: around },
  }
}

async function loadSdk(): Promise<typeof S3> {
  try {
    return await import('@aws-sdk/client-s3')
  } catch (error) {
    throw new StackTachError(
      'config',
      `targets of the kind s3 need a package that is not installed: npm install @aws-sdk/client-s3 (${messageOf(error)})`,
      { cause: error },
    )
  }
}

async function credentialsOf({ access_key: id, secret_file: file }: S3Settings): Promise<object> {
  if (id === undefined || file === undefined) return {}
  return { credentials: { accessKeyId: id, secretAccessKey: await readSecret(file) } }
}

/** Returns what a put says of an object beside its content. */
export function objectFacts(settings: S3Settings, { sha256 }: Digest): object {
  const { storage_class, sse, sse_key, tags, lock_mode, lock_days } = settings
  return {
    Metadata: { sha256 },
    ...(storage_class === undefined ? {} : { StorageClass: storage_class }),
    ...(sse === undefined ? {} : { ServerSideEncryption: sse }),
    ...(sse_key === undefined ? {} : { SSEKMSKeyId: sse_key }),
    ...(tags === undefined ? {} : { Tagging: new URLSearchParams(tags).toString() }),
    ...(lock_mode === undefined
      ? {}
      : {
          ObjectLockMode: lock_mode,
          ObjectLockRetainUntilDate: new Date(Date.now() + (lock_days ?? 0) * DAY_MS),
        }),
  }
}

export function statusOf(error: unknown): number | undefined {
  return (error as { readonly $metadata?: { readonly httpStatusCode?: number } }).$metadata?.httpStatusCode
}

export function base64Of(hex: string): string {
  return Buffer.from(hex, 'hex').toString('base64')
}

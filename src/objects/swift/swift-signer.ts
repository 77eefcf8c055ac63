import { createHmac } from 'node:crypto'
import { StackTachError } from '../../domain/errors.ts'
import { readSecret } from '../../runtime/read-secret.ts'
import { keyBelow } from '../key-path.ts'
import type { ObjectSigner, SignedRequest, SignRequest } from '../signer.ts'
import { openSession, type SwiftAuthSettings } from './swift-auth.ts'

/** For how long a temporary URL may be used, s. */
const VALID_S = 900

type SwiftSignerSettings = SwiftAuthSettings & {
  readonly container: string
  readonly prefix?: string | undefined
  readonly temp_url_key_file?: string | undefined
  readonly delete_after?: number | undefined
}

/**
 * Opens a signer for a container of Swift. Who has a temporary URL may send it for 15 minutes; that nothing is overwritten rests on the
 * header If-None-Match, which is not signed.
 */
export async function openSwiftSigner(settings: SwiftSignerSettings): Promise<ObjectSigner> {
  const { temp_url_key_file: file, container, prefix = '', delete_after: seconds } = settings
  if (file === undefined) throw new StackTachError('config', 'signing needs temp_url_key_file')
  const secret = await readSecret(file)
  const { url: account } = await openSession(settings)
  return {
    async sign({ operation, key, digest }: SignRequest): Promise<SignedRequest> {
      const method = operation.toUpperCase()
      const base = new URL(account)
      const plain = `${decodeURIComponent(base.pathname)}/${container}/${keyBelow(prefix, key)}`
      const expires = Math.floor(Date.now() / 1000) + VALID_S
      const hmac = createHmac('sha256', secret).update(`${method}\n${expires}\n${plain}`).digest('hex')
      const path = plain.split('/').map(encodeURIComponent).join('/')
      const url = `${base.origin}${path}?temp_url_sig=${hmac}&temp_url_expires=${expires}`
      if (operation !== 'put') return { kind: 'signed', method, url, headers: {} }
      if (!digest) throw new StackTachError('invalid', 'a put is signed with the digest of its content')
      const headers = {
        etag: digest.md5,
        'content-length': String(digest.size),
        'x-object-meta-sha256': digest.sha256,
        'if-none-match': '*',
        ...(seconds === undefined ? {} : { 'x-delete-after': String(seconds) }),
      }
      return { kind: 'signed', method, url, headers }
    },
  }
}

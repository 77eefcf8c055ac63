import { createCipheriv, createDecipheriv, createHmac } from 'node:crypto'
import { StackTachError } from '../../domain/errors.ts'

/** A key of 32 bytes and its name. */
export type EncryptionKey = { readonly name: string; readonly bytes: Buffer }

const MAGIC = Buffer.from('STV3AES1')
const NONCE_BYTES = 12
const TAG_BYTES = 16
/** AES-GCM is sound up to this size of one content, bytes. */
const MOST_BYTES = 64 * 1024 ** 3

/**
 * Encrypts content as it passes, by AES-256-GCM: a head with the name of the key and the nonce, the text, and a tag over both. The nonce
 * follows from the key, the checksum of the content and the target, so that the same file gives the same bytes when it is sent again.
 */
export async function* encrypt(
  content: AsyncIterable<Buffer>,
  key: EncryptionKey,
  target: string,
  sha256: string,
): AsyncGenerator<Buffer> {
  const nonce = createHmac('sha256', key.bytes)
    .update(`${sha256}\n${target}`)
    .digest()
    .subarray(0, NONCE_BYTES)
  const name = Buffer.from(key.name)
  const head = Buffer.concat([MAGIC, Buffer.from([name.length]), name, nonce])
  const cipher = createCipheriv('aes-256-gcm', key.bytes, nonce).setAAD(head)
  yield head
  let size = 0
  for await (const piece of content) {
    size += piece.length
    if (size > MOST_BYTES) throw new StackTachError('io', 'content above 64 GB cannot be encrypted')
    yield cipher.update(piece)
  }
  yield Buffer.concat([cipher.final(), cipher.getAuthTag()])
}

/** Decrypts what encrypt made. Throws StackTachError at the end of content that was changed: what came before must not be used. */
export async function* decrypt(
  content: AsyncIterable<Buffer>,
  keyOf: (name: string) => EncryptionKey | undefined,
): AsyncGenerator<Buffer> {
  let rest = Buffer.alloc(0)
  let decipher: ReturnType<typeof createDecipheriv> | undefined
  for await (const piece of content) {
    rest = Buffer.concat([rest, piece])
    if (!decipher) {
      const head = headOf(rest)
      if (!head) continue
      const key = keyOf(head.name)
      if (!key)
        throw new StackTachError('config', `it needs the key ${JSON.stringify(head.name)} of encryption_keys`)
      decipher = createDecipheriv('aes-256-gcm', key.bytes, head.nonce).setAAD(rest.subarray(0, head.length))
      rest = rest.subarray(head.length)
    }
    const known = rest.length - TAG_BYTES
    if (known <= 0) continue
    yield decipher.update(rest.subarray(0, known))
    rest = Buffer.from(rest.subarray(known))
  }
  if (!decipher || rest.length !== TAG_BYTES)
    throw new StackTachError('io', 'it is not what stv3 ship has encrypted')
  const sealed = decipher as ReturnType<typeof createDecipheriv> & { setAuthTag(tag: Buffer): unknown }
  sealed.setAuthTag(rest)
  try {
    yield decipher.final()
  } catch (error) {
    throw new StackTachError('io', 'it was changed after it had been encrypted, or the key is another', {
      cause: error,
    })
  }
}

type Head = { readonly name: string; readonly nonce: Buffer; readonly length: number }

/** Returns the head at the begin of content; undefined where not all of it has come. */
function headOf(bytes: Buffer): Head | undefined {
  if (bytes.length <= MAGIC.length) return undefined
  if (!bytes.subarray(0, MAGIC.length).equals(MAGIC))
    throw new StackTachError('io', 'it is not what stv3 ship has encrypted')
  const begin = MAGIC.length + 1
  const end = begin + (bytes[MAGIC.length] as number)
  if (bytes.length < end + NONCE_BYTES) return undefined
  const nonce = bytes.subarray(end, end + NONCE_BYTES)
  return { name: bytes.subarray(begin, end).toString(), nonce, length: end + NONCE_BYTES }
}

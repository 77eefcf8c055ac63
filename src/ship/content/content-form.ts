import { decrypt, type EncryptionKey, encrypt } from './encryption.ts'
import { type Packing, pack, unpack } from './packing.ts'

/** How content stands in the store where it is not as it is here. */
export type ContentForm = {
  /** such as `gzip`, `aes256gcm:KEY`, or `zstd+aes256gcm:KEY` */
  readonly name: string
  /** Returns content in this form; `sha256` is the checksum of the content as it is here. */
  apply(content: AsyncIterable<Buffer>, target: string, sha256: string): AsyncIterable<Buffer>
}

const ENCRYPTION = 'aes256gcm:'

/** Returns the form of packing and encryption; undefined for neither. */
export function contentForm(
  packing: Packing | undefined,
  key: EncryptionKey | undefined,
): ContentForm | undefined {
  if (!packing && !key) return undefined
  return {
    name: [packing, key && `${ENCRYPTION}${key.name}`].filter((part) => part !== undefined).join('+'),
    apply(content, target, sha256) {
      const packed = packing ? pack(packing, content) : content
      return key ? encrypt(packed, key, target, sha256) : packed
    },
  }
}

/** Returns content as it was here, by the name of its form in the store. */
export function originalOf(
  content: AsyncIterable<Buffer>,
  form: string,
  keyOf: (name: string) => EncryptionKey | undefined,
): AsyncIterable<Buffer> {
  const parts = form.split('+')
  const open = parts.some((part) => part.startsWith(ENCRYPTION)) ? decrypt(content, keyOf) : content
  const [packing] = parts
  return packing === 'gzip' || packing === 'zstd' ? unpack(packing, open) : open
}

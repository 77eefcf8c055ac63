import { ConfigError } from '../../domain/errors.ts'
import { readSecret } from '../../runtime/read-secret.ts'
import type { EncryptionKey } from '../../ship/content/encryption.ts'

/**
 * Reads keys from files by name. Rejects with TransientError when a file cannot be read, or others can read it, and with ConfigError when
 * it has no key.
 */
export async function readEncryptionKeys(files: {
  readonly [name: string]: string
}): Promise<ReadonlyMap<string, EncryptionKey>> {
  const keys = new Map<string, EncryptionKey>()
  for (const [name, file] of Object.entries(files)) {
    const text = await readSecret(file)
    // The text is a secret: it is not shown.
    if (!/^[0-9a-fA-F]{64}$/.test(text))
      throw new ConfigError(`${file}: expected 64 hexadecimal digits, as openssl rand -hex 32 makes them`)
    keys.set(name, { name, bytes: Buffer.from(text, 'hex') })
  }
  return keys
}

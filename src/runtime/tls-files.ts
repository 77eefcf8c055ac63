import { X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { createSecureContext, type SecureContextOptions } from 'node:tls'
import { messageOf, StackTachError } from '../domain/errors.ts'

export type TlsFiles = {
  readonly ca?: string | undefined
  readonly cert?: string | undefined
  readonly key?: string | undefined
  readonly cipher?: string | undefined
}

/**
 * Reads the files of a certificate authority, of a certificate and of its key, named relative to a folder.
 * Rejects with StackTachError when a file cannot be read or used.
 */
export async function readTlsFiles(files: TlsFiles, folder: string): Promise<SecureContextOptions> {
  const [ca, cert, key] = await Promise.all([files.ca, files.cert, files.key].map(readOptional))
  const read = {
    ...(ca ? { ca: [ca] } : {}),
    ...(cert ? { cert } : {}),
    ...(key ? { key } : {}),
    ...(files.cipher ? { ciphers: files.cipher } : {}),
  }
  try {
    createSecureContext(read)
    // Node would take a file without any certificate for an authority that has signed nothing.
    for (const certificate of [ca, cert]) if (certificate) new X509Certificate(certificate)
    return read
  } catch (error) {
    const names = [files.ca, files.cert, files.key, files.cipher].filter((name) => name !== undefined)
    throw new StackTachError('config', `${names.join(', ')} cannot be used for TLS: ${messageOf(error)}`)
  }

  async function readOptional(file: string | undefined): Promise<Buffer | undefined> {
    try {
      return file === undefined ? undefined : await readFile(resolve(folder, file))
    } catch (error) {
      throw new StackTachError('config', `cannot read ${file}: ${messageOf(error)}`)
    }
  }
}

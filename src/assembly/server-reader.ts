import { resolve } from 'node:path'
import { ConflictError, causeOf, messageOf } from '../domain/errors.ts'
import { sendOut } from '../runtime/outgoing.ts'
import { readSecret } from '../runtime/read-secret.ts'

/** Another server of ours that the API asks, and a file with a token that may read there, relative to a folder. */
export type ServerReference = { readonly url: string; readonly token_file?: string | undefined }

const TIMEOUT_MS = 10_000

/**
 * Returns a function that reads a path of another server. It rejects with ConflictError, with the server's name, when
 * there is no answer.
 */
export function serverReader<T>(
  { url, token_file: file }: ServerReference,
  { folder, path, name }: { readonly folder: string; readonly path: string; readonly name: string },
): () => Promise<T> {
  return async () => {
    const token = file === undefined ? undefined : await readSecret(resolve(folder, file))
    const headers = token === undefined ? {} : { authorization: `Bearer ${token}` }
    const signal = AbortSignal.timeout(TIMEOUT_MS)
    try {
      const response = await sendOut(new URL(path, url), { headers, signal })
      if (!response.ok) throw new Error(`it answered ${response.status}`)
      return (await response.json()) as T
    } catch (error) {
      const reason = messageOf(causeOf(error) ?? error)
      throw new ConflictError(`the ${name} at ${new URL(url).host} is away: ${reason}`)
    }
  }
}

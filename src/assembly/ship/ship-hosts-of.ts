import { resolve } from 'node:path'
import { ConflictError, causeOf, messageOf } from '../../domain/errors.ts'
import type { RestShipHost } from '../../formats/ship-form.ts'
import { sendOut } from '../../runtime/outgoing.ts'
import { readSecret } from '../../runtime/read-secret.ts'

export type ShipServerReference = { readonly url: string; readonly token_file?: string | undefined }

const TIMEOUT_MS = 10_000

/** Returns a function that asks a ship-server for its hosts. It rejects with ConflictError when there is no answer. */
export function shipHostsOf(
  { url, token_file: file }: ShipServerReference,
  folder: string,
): () => Promise<readonly RestShipHost[]> {
  return async () => {
    const token = file === undefined ? undefined : await readSecret(resolve(folder, file))
    const headers = token === undefined ? {} : { authorization: `Bearer ${token}` }
    const signal = AbortSignal.timeout(TIMEOUT_MS)
    try {
      const response = await sendOut(new URL('/v1/ship', url), { headers, signal })
      if (!response.ok) throw new Error(`it answered ${response.status}`)
      return (await response.json()) as readonly RestShipHost[]
    } catch (error) {
      const reason = messageOf(causeOf(error) ?? error)
      throw new ConflictError(`the ship-server at ${new URL(url).host} is away: ${reason}`)
    }
  }
}

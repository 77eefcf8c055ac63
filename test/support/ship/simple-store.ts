import { createHash } from 'node:crypto'
import type { SignedRequest, SignRequest } from '../../../src/objects/signer.ts'
import { httpServer, type Received } from '../http-server.ts'

/** What a store does with the condition that there is no object: heeds it, answers 501 to it, or passes over it. */
export type Conditions = 'heeded' | 'refused' | 'ignored'

/** A real HTTP server that keeps objects by their path, as S3 does where a bucket stands in the path. It asks for no key. */
export class SimpleStore {
  readonly objects = new Map<string, Buffer>()
  #url = ''

  /** Starts a store that answers a while after each request. */
  static async start(conditions: Conditions, delayMs = 0): Promise<SimpleStore> {
    const store = new SimpleStore()
    const { url } = await httpServer((response, received) => {
      const { status, body } = store.#answer(received, conditions)
      const found = store.objects.get(pathOf(received))
      const etag = found && { etag: `"${createHash('md5').update(found).digest('hex')}"` }
      response.writeHead(status, { ...etag, 'content-length': body?.length ?? 0 })
      setTimeout(() => response.end(received.method === 'HEAD' ? undefined : body), delayMs)
    })
    store.#url = url
    return store
  }

  get url(): string {
    return this.#url
  }

  /** Signs requests for this store, which takes them from everybody. */
  readonly sign = async ({ operation, key }: SignRequest): Promise<SignedRequest> => ({
    kind: 'signed',
    method: operation.toUpperCase(),
    url: `${this.#url}/bucket/${key}`,
    headers: operation === 'put' ? { 'if-none-match': '*' } : {},
  })

  #answer(received: Received, conditions: Conditions): { readonly status: number; readonly body?: Buffer } {
    const path = pathOf(received)
    const found = this.objects.get(path)
    if (received.method !== 'PUT') return found ? { status: 200, body: found } : { status: 404 }
    const isConditional = received.headers['if-none-match'] === '*'
    if (isConditional && conditions === 'refused') return { status: 501 }
    if (isConditional && conditions === 'heeded' && found) return { status: 412 }
    this.objects.set(path, received.body)
    return { status: 200 }
  }
}

function pathOf({ path }: Received): string {
  return path.split('?', 1)[0] as string
}

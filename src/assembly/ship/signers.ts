import type { ShipServerConfig } from '../../config/load/load-ship-server.ts'
import { InvalidError, NotFoundError } from '../../domain/errors.ts'
import type { ObjectSigner, SignedRequest, SignRequest } from '../../objects/signer.ts'
import type { HostPlan } from '../../ship/central/messages.ts'

type Targets = ShipServerConfig['targets']

/** Signs requests to the targets of a configuration; each is opened when it is first needed. */
export class Signers {
  readonly #targets: Targets
  readonly #open = new Map<string, Promise<ObjectSigner>>()

  constructor(targets: Targets) {
    this.#targets = targets
  }

  /**
   * Signs what an agent asks for in a message, to one of the targets of its plan. Rejects with InvalidError where that is no request, and
   * with NotFoundError where it is to no such target.
   */
  async sign(message: object, plan: HostPlan['targets']): Promise<SignedRequest> {
    const { target: name } = message as { readonly target?: unknown }
    const request = requestOf(message)
    const settings = typeof name === 'string' && Object.hasOwn(plan, name) ? this.#targets[name] : undefined
    if (!settings || settings.kind === 'file' || settings.presigned === false)
      throw new NotFoundError(`there is no presigned target ${JSON.stringify(name)}`)
    return (await this.#opened(name as string, settings)).sign(request)
  }

  #opened(name: string, settings: Exclude<Targets[string], { kind: 'file' }>): Promise<ObjectSigner> {
    const before = this.#open.get(name)
    if (before) return before
    const opening = openSigner(settings)
    this.#open.set(name, opening)
    // What failed is tried again for the next request.
    opening.catch(() => this.#open.delete(name))
    return opening
  }
}

async function openSigner(settings: Exclude<Targets[string], { kind: 'file' }>): Promise<ObjectSigner> {
  if (settings.kind === 's3') return (await import('../../objects/s3/s3-signer.ts')).openS3Signer(settings)
  return (await import('../../objects/swift/swift-signer.ts')).openSwiftSigner(settings)
}

function requestOf(message: object): SignRequest {
  const { operation, key, digest, isUnconditional } = message as { readonly [name: string]: unknown }
  if ((operation !== 'put' && operation !== 'head' && operation !== 'get') || typeof key !== 'string')
    throw new InvalidError('expected an operation and a key')
  const base: SignRequest = { operation, key, isUnconditional: isUnconditional === true }
  if (operation !== 'put') return base
  const { size, sha256, md5 } = (digest ?? {}) as { readonly [name: string]: unknown }
  if (!Number.isSafeInteger(size) || !isHex(sha256, 64) || !isHex(md5, 32))
    throw new InvalidError('expected the digest of the content')
  return { ...base, digest: { size: size as number, sha256, md5 } }
}

function isHex(value: unknown, length: number): value is string {
  return typeof value === 'string' && value.length === length && /^[0-9a-f]+$/.test(value)
}

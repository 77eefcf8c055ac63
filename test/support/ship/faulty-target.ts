import type { Digest, ObjectTarget, Verification } from '../../../src/objects/target.ts'

/** What goes wrong at the next call of a target, or happens around it. */
export type TargetFault = {
  readonly op: 'mkdirp' | 'put' | 'info'
  /** the key, or for mkdirp the folder of it; any unless given */
  readonly path?: string
  readonly always?: boolean
  readonly error?: string
  /** the error comes after the object was stored */
  readonly error_after?: string
  /** the checksum that the store makes up; null where it gives none */
  readonly md5?: string | null
  readonly before?: () => void
  readonly after?: () => void
}

/** A target that fails, lies and lets others interfere as it is told, over one that works. */
export class FaultyTarget implements ObjectTarget {
  readonly name: string
  readonly #target: ObjectTarget
  #faults: TargetFault[] = []

  constructor(target: ObjectTarget) {
    this.name = target.name
    this.#target = target
  }

  plan(faults: readonly TargetFault[]): void {
    this.#faults = [...faults]
  }

  head(key: string): Promise<string | undefined> {
    return this.#target.head(key)
  }

  async create(key: string, content: AsyncIterable<Buffer>, digest: Digest): Promise<'created' | 'exists'> {
    this.#enter('mkdirp', key.slice(0, Math.max(1, key.lastIndexOf('/'))))
    const fault = this.#enter('put', key)
    const outcome = await this.#target.create(key, content, digest)
    fault?.after?.()
    if (fault?.error_after !== undefined) throw new Error(fault.error_after)
    return outcome
  }

  async verify(key: string, digest: Digest): Promise<Verification> {
    const fault = this.#enter('info', key)
    if (fault?.md5 === null) throw new Error('the store gives no checksum')
    if (fault?.md5 !== undefined) return { kind: 'differs', revision: 'lie', found: fault.md5 }
    const verified = await this.#target.verify(key, digest)
    fault?.after?.()
    return verified
  }

  read(key: string): AsyncIterable<Buffer> {
    return this.#target.read(key)
  }

  remove(key: string): Promise<boolean> {
    return this.#target.remove(key)
  }

  close(): Promise<void> {
    return this.#target.close()
  }

  #enter(op: TargetFault['op'], path: string): TargetFault | undefined {
    const index = this.#faults.findIndex((one) => one.op === op && (one.path ?? path) === path)
    const fault = this.#faults[index]
    if (fault && !fault.always) this.#faults.splice(index, 1)
    fault?.before?.()
    if (fault?.error !== undefined) throw new Error(fault.error)
    return fault
  }
}

import { TransientError } from '../../domain/errors.ts'
import type { Digest, ObjectTarget } from '../../objects/target.ts'
import type { Bandwidth } from './bandwidth.ts'

export type UploadLimits = {
  readonly bandwidth?: Bandwidth | undefined
  /** longest time without progress, ms */
  readonly stallMs?: number | undefined
  /** longest time of an upload, ms */
  readonly totalMs?: number | undefined
}

/** Returns a target whose uploads are held back to a bandwidth, and given up when they stall or take too long. */
export function limitTarget(target: ObjectTarget, limits: UploadLimits): ObjectTarget {
  return {
    name: target.name,
    get isAskedFirst() {
      return target.isAskedFirst
    },
    head: (key) => target.head(key),
    create: (key, content, digest, echo) => create(target, { key, content, digest, echo }, limits),
    verify: (key, digest) => target.verify(key, digest),
    read: (key) => target.read(key),
    remove: (key) => target.remove(key),
    close: () => target.close(),
  }
}

type Put = {
  readonly key: string
  readonly content: AsyncIterable<Buffer>
  readonly digest: Digest
  readonly echo: ((revision: string) => void) | undefined
}

function create(
  target: ObjectTarget,
  { key, content, digest, echo }: Put,
  { bandwidth, stallMs, totalMs }: UploadLimits,
): Promise<'created' | 'exists'> {
  return new Promise((resolve, reject) => {
    let reason: string | undefined
    const giveUp = (sentence: string) => {
      reason ??= sentence
      end()
      reject(new TransientError(`${target.name}: ${reason}`))
    }
    const stall =
      stallMs === undefined
        ? undefined
        : setTimeout(() => giveUp(`nothing moved for ${stallMs / 1000} s`), stallMs)
    const total =
      totalMs === undefined
        ? undefined
        : setTimeout(() => giveUp(`the upload took more than ${totalMs / 1000} s`), totalMs)
    const end = () => {
      clearTimeout(stall)
      clearTimeout(total)
    }
    const passing = async function* (): AsyncGenerator<Buffer> {
      for await (const piece of content) {
        if (bandwidth) await bandwidth.take(piece.length)
        // The exchange that was given up ends here.
        if (reason !== undefined) throw new TransientError(reason)
        stall?.refresh()
        yield piece
      }
    }
    target
      .create(key, passing(), digest, echo)
      .finally(end)
      .then(resolve, (error) => (reason === undefined ? reject(error) : undefined))
  })
}

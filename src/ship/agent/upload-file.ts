import { type BigIntStats, fstatSync } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import { messageOf } from '../../domain/errors.ts'
import { ContentError } from '../../objects/content-error.ts'
import { digestOf } from '../../objects/digest.ts'
import type { Digest, ObjectTarget } from '../../objects/target.ts'
import { HeldFolder } from '../../runtime/held-folder.ts'
import { readPieces } from '../../runtime/read-pieces.ts'
import type { ContentForm } from '../content/content-form.ts'
import { isUnchanged } from './identity.ts'
import { openFile, splitPath } from './open-file.ts'

/** The step at which a file failed. `changed`: it was written to in between; `differs`: the store has something else. */
export type Failure = 'read' | 'put' | 'info' | 'differs' | 'changed'

/** What became of an upload. `existed`: an object was there before. */
export type Upload =
  | {
      readonly kind: 'verified'
      readonly digest: Digest
      /** the digest of the object, where it is packed or encrypted */
      readonly object?: Digest
      readonly revision: string
      readonly existed: boolean
    }
  | {
      readonly kind: 'failed'
      readonly failure: Failure
      readonly error: string
      /** undefined where the content was not read to its end */
      readonly digest?: Digest
      readonly object?: Digest
      readonly revision?: string
      readonly existed?: boolean
      /** whether the store has taken the content */
      readonly created?: boolean
      /** whether the store has nothing under the key */
      readonly isMissing?: boolean
    }
  | { readonly kind: 'vanished' }

/** A file to upload, and where to. */
export type Uploadable = {
  readonly path: Buffer
  readonly stats: BigIntStats
  readonly target: ObjectTarget
  readonly key: string
  /** the digest of this very content, where it is known from before */
  readonly known?: Digest | undefined
  /** whether the file is deleted next: then the store is asked for what it has, whatever it said when it took it */
  readonly isDeletedNext: boolean
  /** how the object is to stand in the store, where not as the file */
  readonly form?: ContentForm | undefined
  /** its digest in that form, where it is known from before */
  readonly knownObject?: Digest | undefined
}

/**
 * Uploads a file under a key that has no object, and has the store's content compared. Between any two steps the file is
 * looked at; one that has changed is `changed`. Never rejects.
 */
export async function uploadFile(file: Uploadable): Promise<Upload> {
  const { folder: parent, name } = splitPath(file.path)
  let handle: FileHandle | undefined
  let folder: HeldFolder | undefined
  try {
    folder = HeldFolder.walk(parent)
    handle = await openFile(folder, name)
    return await uploadOpen(file, handle)
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? ''))
      return { kind: 'vanished' }
    return { kind: 'failed', failure: 'read', error: messageOf(error) }
  } finally {
    await handle?.close()
    folder?.close()
  }
}

async function uploadOpen(file: Uploadable, handle: FileHandle): Promise<Upload> {
  // The call is short, and a turn of the thread pool for each of many small files is not.
  const isSame = () => isUnchanged(fstatSync(handle.fd, { bigint: true }), file.stats)
  if (!isSame()) return changed()
  const size = Number(file.stats.size)
  const digest = file.known ?? (await digestOf(readPieces(handle, size)))
  if (digest.size !== size || !isSame()) return changed()
  const { form, key } = file
  const content = () => {
    const plain = readPieces(handle, size)
    return form ? form.apply(plain, key, digest.sha256) : plain
  }
  // Stores want size and checksum before the content: what is packed is packed twice.
  const object = form ? (file.knownObject ?? (await digestOf(content()))) : digest
  const known = form ? { digest, object } : { digest }
  if (form && !isSame()) return { ...changed(), ...known }
  const put = await putContent(file, content(), object)
  if (put.kind === 'failed') return { ...put, ...known }
  if (!isSame()) return { ...changed(), ...known }
  const { revision } = put
  if (revision !== undefined && !file.isDeletedNext)
    return { kind: 'verified', existed: false, revision, ...known }
  return { ...(await compare(file, object, put.existed)), ...known }
}

type Put =
  | {
      readonly kind: 'put'
      readonly existed: boolean
      /** of what was stored, where the store has said its checksum */
      readonly revision?: string | undefined
    }
  | (Upload & { readonly kind: 'failed' })

async function putContent(
  { target, key }: Uploadable,
  content: AsyncIterable<Buffer>,
  digest: Digest,
): Promise<Put> {
  try {
    let revision: string | undefined
    const outcome = await target.create(key, content, digest, (echoed) => {
      revision = echoed
    })
    const existed = outcome === 'exists'
    return { kind: 'put', existed, revision: existed ? undefined : revision }
  } catch (error) {
    if (error instanceof ContentError) return changed()
    return { kind: 'failed', failure: 'put', error: messageOf(error) }
  }
}

/** Has the store compare what it holds under the key of a file with a digest. */
export async function compare(
  { target, key }: Pick<Uploadable, 'target' | 'key'>,
  digest: Digest,
  existed: boolean,
): Promise<Upload & { readonly kind: 'verified' | 'failed' }> {
  const facts = { digest, existed, created: !existed }
  try {
    const verified = await target.verify(key, digest)
    if (verified.kind === 'same') return { kind: 'verified', digest, revision: verified.revision, existed }
    if (verified.kind === 'missing') {
      const error = `${target.name} has no ${key} though it took it`
      return { kind: 'failed', failure: 'info', error, isMissing: true, ...facts }
    }
    const { found, revision } = verified
    const error = `${target.name} has another ${key}: ${found}, and not ${digest.sha256} as here`
    return { kind: 'failed', failure: 'differs', error, revision, ...facts }
  } catch (error) {
    return { kind: 'failed', failure: 'info', error: messageOf(error), ...facts }
  }
}

function changed(): Upload & { readonly kind: 'failed' } {
  return { kind: 'failed', failure: 'changed', error: 'it was written to in the meantime' }
}

import { messageOf } from '../../domain/errors.ts'
import type { Digest, ObjectTarget } from '../../objects/target.ts'
import type { ContentForm } from '../content/content-form.ts'
import type { Entry, Journal } from '../journal.ts'
import type { Decision } from '../log-sets/decide.ts'
import type { PlacedSet } from '../log-sets/select-sets.ts'
import type { FoundFile } from './find-files.ts'
import { identityText } from './identity.ts'
import { type Removal, removeFile } from './remove-file.ts'
import { compare, type Failure, type Upload, uploadFile } from './upload-file.ts'

/** One log set that matches a file, its decision, and the target where the file is uploaded. */
export type Part = {
  readonly placed: PlacedSet
  readonly decision: Decision
  readonly target: ObjectTarget | undefined
  /** how objects stand there, where not as the files */
  readonly form?: ContentForm | undefined
  /** what the journal has of it, for this very file */
  readonly entry: Entry | undefined
}

/** What became of a file with one log set. */
export type Outcome = {
  readonly file: FoundFile
  readonly placed: PlacedSet
  readonly decision: Decision
  /** `done`: shipped, deleted or both; `remembered`: nothing was to do; otherwise as decided */
  readonly result: string
  readonly uploaded?: boolean
  readonly existed?: boolean
  readonly deleted?: boolean
  readonly vanished?: boolean
  readonly failure?: Failure | 'delete'
  readonly error?: string
  /** whether the journal had the same before: it was told then */
  readonly isRepeated?: boolean
}

/** Longest wait between two tries of one file, ms. */
const LONGEST_WAIT_MS = 3_600_000
const FIRST_WAIT_MS = 60_000

/** Returns whether what failed is to be tried again: at the next pass, then after 1, 2, 4 … minutes up to an hour. */
function isRetryDue({ tries, at }: Entry, now: number): boolean {
  const wait = tries <= 1 ? 0 : Math.min(FIRST_WAIT_MS * 2 ** (tries - 2), LONGEST_WAIT_MS)
  // A clock that was set back must not make it wait for long.
  return now >= at + wait || now < at
}

type Progress = {
  readonly part: Part
  readonly entry: Entry | undefined
  readonly outcome: Outcome
  readonly isFresh: boolean
}

/**
 * Takes a file as far as it is due: uploads it for each log set, and deletes it when all log sets that match are through with
 * it. Resolves to an outcome for each.
 */
export async function runFileJob(
  file: FoundFile,
  parts: readonly Part[],
  journal: Journal,
  now: number,
): Promise<readonly Outcome[]> {
  const progress: Progress[] = []
  for (const part of parts) progress.push(await bring(file, part, journal, now))
  if (!progress.every(isThrough)) return progress.map(({ outcome }) => outcome)
  const confirmed: Progress[] = []
  // The store is asked again about what it took in an earlier pass.
  for (const one of progress)
    confirmed.push(one.isFresh || !one.entry ? one : await confirm(file, one, journal, now))
  if (!confirmed.every(isThrough)) return confirmed.map(({ outcome }) => outcome)
  return remove(file, confirmed, journal)
}

/** Returns whether a log set is through with a file: its retention is over, and it is verified where it is uploaded. */
function isThrough({ part: { decision }, entry, outcome }: Progress): boolean {
  if (!decision.isDeleteDue || outcome.vanished) return false
  return !decision.upload || entry?.state === 'verified'
}

/** Uploads a file for one log set, where that is due and was not done before. */
async function bring(file: FoundFile, part: Part, journal: Journal, now: number): Promise<Progress> {
  const { decision, entry } = part
  const base = { file, placed: part.placed, decision }
  if (decision.verdict !== 'due') {
    const told = decision.error === undefined ? {} : { error: decision.error }
    return { part, entry: undefined, outcome: { ...base, result: decision.verdict, ...told }, isFresh: false }
  }
  if (!decision.upload)
    return { part, entry: undefined, outcome: { ...base, result: 'done' }, isFresh: false }
  if (entry?.state === 'verified')
    return { part, entry, outcome: { ...base, result: 'remembered' }, isFresh: false }
  if (entry && !isRetryDue(entry, now)) {
    const failure = entry.state === 'differs' ? 'differs' : 'put'
    const outcome: Outcome = { ...base, result: 'failed', failure, error: entry.error, isRepeated: true }
    return { part, entry, outcome, isFresh: false }
  }
  return upload(file, part, entry, journal, now)
}

/** Asks the store about what it took before; uploads again what it has lost. */
async function confirm(
  file: FoundFile,
  progress: Progress,
  journal: Journal,
  now: number,
): Promise<Progress> {
  const { part } = progress
  const entry = progress.entry as Entry
  const asked = await compare(
    { target: part.target as ObjectTarget, key: entry.key },
    entry.object ?? digestOfEntry(entry),
    true,
  )
  if (asked.kind === 'verified')
    return { ...progress, isFresh: true, outcome: { ...progress.outcome, existed: true } }
  if (asked.isMissing) return upload(file, part, entry, journal, now)
  const digests = { digest: digestOfEntry(entry), ...(entry.object ? { object: entry.object } : {}) }
  return record(file, part, entry, { ...asked, ...digests }, journal, now)
}

async function upload(
  file: FoundFile,
  part: Part,
  before: Entry | undefined,
  journal: Journal,
  now: number,
): Promise<Progress> {
  const outcome = await uploadFile({
    path: file.path,
    stats: file.stats,
    target: part.target as ObjectTarget,
    key: part.decision.target as string,
    known: before && before.sha256 !== '' ? digestOfEntry(before) : undefined,
    isDeletedNext: part.decision.isDeleteDue,
    form: part.form,
    knownObject: before?.form === part.form?.name ? before?.object : undefined,
  })
  return record(file, part, before, outcome, journal, now)
}

/** Writes the outcome of an upload into the journal. */
function record(
  file: FoundFile,
  part: Part,
  before: Entry | undefined,
  upload: Upload,
  journal: Journal,
  now: number,
): Progress {
  const base = { file, placed: part.placed, decision: part.decision }
  if (upload.kind === 'vanished')
    return {
      part,
      entry: undefined,
      outcome: { ...base, result: 'failed', vanished: true, failure: 'read' },
      isFresh: true,
    }
  const isFailed = upload.kind === 'failed'
  const state = !isFailed ? 'verified' : upload.failure === 'differs' ? 'differs' : 'failed'
  const error = isFailed ? upload.error : ''
  const isRepeated = before?.state === state && before.error === error
  const { digest } = upload
  const entry: Entry = {
    set: part.placed.name,
    path: file.path,
    target: (part.target as ObjectTarget).name,
    key: part.decision.target as string,
    identity: identityText(file.stats),
    size: Number(file.stats.size),
    sha256: digest?.sha256 ?? '',
    md5: digest?.md5 ?? '',
    object: upload.object,
    form: part.form?.name ?? '',
    revision: upload.revision ?? '',
    state,
    tries: before?.state === state ? before.tries + 1 : 1,
    error,
    at: now,
  }
  journal.save(entry)
  const told = {
    ...(upload.existed ? { existed: true } : {}),
    ...(isUploaded(upload) ? { uploaded: true } : {}),
  }
  const outcome: Outcome = isFailed
    ? { ...base, result: 'failed', failure: upload.failure, error, isRepeated, ...told }
    : { ...base, result: 'done', ...told }
  return { part, entry, outcome, isFresh: true }
}

function isUploaded(upload: Upload & { readonly kind: 'verified' | 'failed' }): boolean {
  return upload.kind === 'verified' ? !upload.existed : upload.created === true
}

function digestOfEntry({ size, sha256, md5 }: Entry): Digest {
  return { size, sha256, md5 }
}

async function remove(
  file: FoundFile,
  progress: readonly Progress[],
  journal: Journal,
): Promise<readonly Outcome[]> {
  const entries = progress.flatMap(({ entry }) => (entry ? [entry] : []))
  const [first] = entries
  let removal: Removal | 'failed'
  let error: string | undefined
  try {
    const removable = { path: file.path, stats: file.stats, sha256: first?.sha256, entries }
    removal = await removeFile(removable, journal)
  } catch (thrown) {
    removal = 'failed'
    error = messageOf(thrown)
  }
  return progress.map(({ outcome }) => {
    if (removal === 'deleted') return { ...outcome, result: 'done', deleted: true }
    if (removal === 'vanished') return { ...outcome, result: 'done', vanished: true }
    const failure = removal === 'changed' ? 'changed' : 'delete'
    return {
      ...outcome,
      result: 'failed',
      failure,
      error: error ?? 'it was written to in the meantime; it is kept',
    }
  })
}

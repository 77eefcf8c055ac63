import { setImmediate } from 'node:timers/promises'
import type { ObjectTarget } from '../../objects/target.ts'
import { HeldFolder } from '../../runtime/held-folder.ts'
import { Lanes } from '../../runtime/lanes.ts'
import type { ContentForm } from '../content/content-form.ts'
import type { Journal } from '../journal.ts'
import type { DiskPressure } from '../limits/disk-pressure.ts'
import { type CustomerLookup, decide } from '../log-sets/decide.ts'
import type { PlacedSet } from '../log-sets/select-sets.ts'
import { removeAside } from './aside.ts'
import { type Outcome, type Part, runFileJob } from './file-job.ts'
import { type FoundFile, findFiles, type TellFault } from './find-files.ts'
import { identityText } from './identity.ts'
import { splitPath } from './open-file.ts'
import type { RestingFiles } from './resting-files.ts'

/** What a pass over all files needs. */
export type PassContext = {
  readonly placed: readonly PlacedSet[]
  /** Returns the target of a log set. */
  readonly targetOf: (placed: PlacedSet) => ObjectTarget | undefined
  readonly customers: CustomerLookup
  readonly journal: Journal
  /** in milliseconds since the epoch */
  readonly now: number
  /** most files that are shipped at the same time */
  readonly parallel: number
  /** Called with what became of each file for each log set that matches. */
  readonly tell: (outcome: Outcome) => void | Promise<void>
  readonly tellFault: TellFault
  /** Returns how objects of a log set stand in the store, where not as the files. */
  readonly formOf?: ((placed: PlacedSet) => ContentForm | undefined) | undefined
  /** Returns whether uploads may be begun at a time. */
  readonly mayUpload?: ((at: number) => boolean) | undefined
  /** says where space is short: there what is in the store is deleted before its retention is over, the oldest first */
  readonly pressure?: DiskPressure | undefined
  /** Called with the time from which on there may be something to do with a file. */
  readonly tellNext?: ((at: number) => void) | undefined
  /** Called with each folder that is looked through. */
  readonly tellFolder?: ((path: string) => void) | undefined
  /** files of earlier passes that are left alone, and not told of */
  readonly resting?: RestingFiles
  /** ends the pass after the files in hand */
  readonly signal?: AbortSignal
}

/**
 * Looks at the files of all log sets once, ships what is due and deletes what all log sets are through with. Rejects when the
 * journal fails.
 */
export async function runPass(context: PassContext): Promise<void> {
  const { parallel, signal, resting, now } = context
  const lanes = new Lanes(parallel)
  const jobs = new Set<Promise<void>>()
  const folders = new Map<string, Buffer>()
  let failure: { readonly error: unknown } | undefined
  const isShort = shortageOf(context)
  for (const file of filesInOrder(context, isShort)) {
    if (signal?.aborted || failure) break
    if (!file) {
      await setImmediate()
      continue
    }
    const isPressed = isShort(file)
    const rest = isPressed ? undefined : resting?.until(file, now)
    if (rest !== undefined) {
      context.tellNext?.(rest)
      continue
    }
    const parts = partsOfFile(file, context).map((part) => (isPressed ? hurried(part) : part))
    const works = parts.filter(isWork)
    if (works.length === 0 || !works.every((part) => isAllowed(part, context))) {
      const until = Math.min(...parts.map(endOfRest))
      if (until > now) {
        resting?.add(file, now, until)
        context.tellNext?.(until)
      }
      for (const part of parts) await context.tell(idle(file, part))
      continue
    }
    // No more files wait in memory than are in hand.
    while (jobs.size >= parallel) await Promise.race(jobs)
    const job = lanes
      .run(() => work(file, parts, context))
      .catch((error) => {
        failure ??= { error }
      })
      .finally(() => jobs.delete(job))
    jobs.add(job)
    // What is deleted for space is looked at before the next file is chosen.
    if (isPressed) await job
    if (parts.every(({ decision }) => decision.isDeleteDue)) {
      const { folder } = splitPath(file.path)
      folders.set(folder.toString('latin1'), folder)
    }
  }
  await Promise.all(jobs)
  for (const folder of folders.values()) await tidy(folder)
  if (failure) throw failure.error
}

/** Yields the files of all log sets; where space is short anywhere, all of them in order of age, the oldest first. */
function* filesInOrder(
  { placed, tellFault, tellFolder, pressure }: PassContext,
  isShort: (file: FoundFile) => boolean,
): Generator<FoundFile | undefined> {
  if (!pressure) return yield* findFiles(placed, tellFault, tellFolder)
  const files: FoundFile[] = []
  for (const file of findFiles(placed, tellFault, tellFolder)) {
    if (file) files.push(file)
    else yield undefined
  }
  const devices = new Map(files.map((file) => [file.stats.dev, file]))
  if ([...devices.values()].some(isShort))
    files.sort((one, other) => Number(one.stats.mtimeNs - other.stats.mtimeNs))
  yield* files
}

/** Returns a function that says whether space is short where a file lies. A file system with enough of it is asked once in a pass. */
function shortageOf({ pressure }: PassContext): (file: FoundFile) => boolean {
  const roomy = new Set<bigint>()
  return ({ stats: { dev }, text }) => {
    if (!pressure || roomy.has(dev)) return false
    const isShort = pressure.isShort(String(dev), text)
    if (!isShort) roomy.add(dev)
    return isShort
  }
}

/** Returns a part whose file is deleted once it is in the store, whatever its retention. */
function hurried(part: Part): Part {
  const { decision } = part
  if (decision.verdict !== 'due' || !decision.upload) return part
  return { ...part, decision: { ...decision, isDeleteDue: true } }
}

/** Returns whether a file is to be uploaded for one log set, and is not in the store yet. */
function awaitsUpload({ decision, entry }: Part): boolean {
  return decision.upload && entry?.state !== 'verified'
}

/** Returns whether what is to be done with a file may be begun now: uploads have their times. */
function isAllowed(part: Part, { mayUpload, now }: PassContext): boolean {
  return !awaitsUpload(part) || mayUpload === undefined || mayUpload(now)
}

/** Returns the log sets that match a file, with their decisions. */
export function partsOfFile(
  file: FoundFile,
  {
    targetOf,
    customers,
    journal,
    now,
    formOf,
  }: Pick<PassContext, 'targetOf' | 'customers' | 'journal' | 'now' | 'formOf'>,
): Part[] {
  const facts = { mtime: Number(file.stats.mtimeNs / 1_000_000n), size: Number(file.stats.size) }
  return file.sets.flatMap((placed) => {
    const path = file.text.slice(placed.root.length)
    const decision = decide(placed.set, { path, ...facts }, placed.place, now, customers)
    if (decision.verdict === 'no_match') return []
    const target = decision.upload ? targetOf(placed) : undefined
    const isAsked = decision.verdict === 'due' && target && decision.target !== undefined
    const entry = isAsked
      ? journal.find(placed.name, file.path, target.name, decision.target as string)
      : undefined
    const isOfFile = entry?.identity === identityText(file.stats) && entry.state !== 'deleted'
    const form = decision.upload ? formOf?.(placed) : undefined
    return [{ placed, decision, target, form, entry: isOfFile ? entry : undefined }]
  })
}

/** Returns whether there is something to do about a file for one log set. */
function isWork(part: Part): boolean {
  const { verdict, isDeleteDue } = part.decision
  return verdict === 'due' && (isDeleteDue || awaitsUpload(part))
}

/** Returns until when nothing is to be done about a file for one log set, in ms since the epoch; 0 where that is not known. */
function endOfRest(part: Part): number {
  const { verdict, archiveAfter = 0, deleteAfter = 0, error } = part.decision
  if (error !== undefined) return 0
  if (verdict === 'too_young') return archiveAfter
  return verdict === 'due' && !awaitsUpload(part) ? deleteAfter : 0
}

/** Returns the outcome for a file with which nothing is to be done. */
function idle(file: FoundFile, part: Part): Outcome {
  const { placed, decision, entry } = part
  const through = entry ? 'remembered' : 'done'
  // Where uploads have their times, a file that is due waits for them.
  const result = decision.verdict !== 'due' || awaitsUpload(part) ? decision.verdict : through
  return {
    file,
    placed,
    decision,
    result,
    ...(decision.error === undefined ? {} : { error: decision.error }),
  }
}

async function work(file: FoundFile, parts: readonly Part[], context: PassContext): Promise<void> {
  for (const outcome of await runFileJob(file, parts, context.journal, context.now))
    await context.tell(outcome)
}

async function tidy(path: Buffer): Promise<void> {
  let folder: HeldFolder | undefined
  try {
    folder = HeldFolder.walk(path)
    await removeAside(folder)
  } catch {
    // The folder has gone, or may no longer be written to; the next pass sees it.
  } finally {
    folder?.close()
  }
}

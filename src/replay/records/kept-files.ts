import { resolve } from 'node:path'
import type { ReplayPlace } from './replay-place.ts'
import type { SourceFile } from './source-files.ts'

/** A file of a replay as it is kept until the replay has ended, so that it is found again. */
export type KeptFile = {
  /** absolute; `-` is standard input */
  readonly path: string
  /** see SourceFile */
  readonly begin: readonly string[]
  /** bytes on disk when the replay began */
  readonly size: number
}

/** What a replay goes on with. */
export type ResumedFiles = {
  /** in the order in which the place counts them: those that were opened before, then the others by their first times */
  readonly files: readonly SourceFile[]
  readonly place: ReplayPlace
  /** files that were read before and are read once more, since they may have grown */
  readonly again: readonly string[]
}

/** Returns what is kept of files. */
export function keptFilesOf(files: readonly SourceFile[]): KeptFile[] {
  return files.map(({ file, begin, size }) => ({ path: pathOf(file), begin, size }))
}

/**
 * Finds the files of an earlier process again, by path or, where they were renamed or packed since, by their first
 * records, and adds those that are new. `found` are the files that the command names today; `findOthers` returns files
 * elsewhere, to which one may have been moved. A file that was read to its end may be gone. Returns the path of a file that
 * is gone before it was.
 */
export async function resumeFiles(
  kept: readonly KeptFile[],
  place: ReplayPlace,
  found: readonly SourceFile[],
  findOthers: (gone: KeptFile) => Promise<readonly SourceFile[]>,
): Promise<ResumedFiles | { readonly gone: string }> {
  const begun = new Set(place.unfinished.map(({ file }) => file))
  const isRead = (index: number) => index < place.opened && !begun.has(index)
  const left = new Set(found)
  const matched = kept.map((one) =>
    taken(left, (file) => pathOf(file.file) === one.path && isSame(one, file)),
  )
  for (const [index, one] of kept.entries()) {
    matched[index] ??= taken(left, (file) => isSame(one, file))
    if (!matched[index] && !isRead(index))
      matched[index] = (await findOthers(one)).find((file) => isSame(one, file))
    if (!matched[index] && !isRead(index)) return { gone: one.path }
  }
  const opened = kept.slice(0, place.opened).map((one, index) => matched[index] ?? readBefore(one))
  const again = kept.flatMap((one, index) => {
    const now = matched[index]
    return now && isRead(index) && mayHaveGrown(one, now) ? [index] : []
  })
  const unopened = [...matched.slice(place.opened).flatMap((file) => file ?? []), ...left]
  const unfinished = place.unfinished.map((one) => (kept[one.file]?.path === '-' ? { ...one, from: 0 } : one))
  return {
    files: [...opened, ...unopened.sort((a, b) => a.firstTime - b.firstTime)],
    place: {
      opened: place.opened,
      unfinished: [...unfinished, ...again.map((file) => ({ file, from: 0 }))],
    },
    again: again.map((index) => (opened[index] as SourceFile).file),
  }
}

function pathOf(file: string): string {
  return file === '-' ? file : resolve(file)
}

function taken(files: Set<SourceFile>, is: (file: SourceFile) => boolean): SourceFile | undefined {
  for (const file of files)
    if (is(file)) {
      files.delete(file)
      return file
    }
  return undefined
}

/** Whether a file begins with the records of a kept one, the last of which may have been half written then. */
function isSame({ path, begin }: KeptFile, file: SourceFile): boolean {
  if (path === '-' || file.file === '-') return path === file.file
  if (begin.length === 0) return path === resolve(file.file)
  const certain = Math.max(1, begin.length - 1)
  return (
    file.begin.length >= certain && begin.slice(0, certain).every((record, at) => record === file.begin[at])
  )
}

/** Whether records may have been added to a file that was read to its end. Standard input is another one each time. */
function mayHaveGrown({ path, size }: KeptFile, now: SourceFile): boolean {
  if (path === '-') return true
  if (path.endsWith('.part')) return path !== resolve(now.file) || now.size > size
  return path === resolve(now.file) && now.size > size
}

/** A file that is not read any more, and may be gone. */
function readBefore({ path, begin, size }: KeptFile): SourceFile {
  return { file: path, firstTime: 0, begin, size }
}

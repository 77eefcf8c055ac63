import { dirname } from 'node:path'
import { findFiles, isUnfinished } from '../../archive/reader/find-files.ts'
import type { RecordRules } from '../../assembly/build-replay.ts'
import { wallClock } from '../../clock/event-clock.ts'
import type { Config } from '../../config/load/config.ts'
import { NotFoundError } from '../../domain/errors.ts'
import { readingsOf } from '../../domain/trait-condition.ts'
import { type KeptFile, resumeFiles } from '../../replay/records/kept-files.ts'
import { type OrderedFile, OrderedRecords } from '../../replay/records/ordered-records.ts'
import { createPrepareRecord } from '../../replay/records/prepare-record.ts'
import type { ReadFile } from '../../replay/records/record.ts'
import { BEGINNING, type ReplayPlace } from '../../replay/records/replay-place.ts'
import { orderedFiles, type SourceFile } from '../../replay/records/source-files.ts'
import type { Wanted } from '../../replay/records/wanted.ts'
import { type RecordOptions, recordFilterOf } from '../archive/record-options.ts'
import { printNote } from '../program.ts'
import { createFileReader } from './read-file.ts'

/** The files of a replay, and what was read of them. */
export type FileInput = {
  /** in the order in which places count them */
  readonly files: readonly SourceFile[]
  /** where to begin */
  readonly place: ReplayPlace
  readonly wanted: Wanted
  /** whether only some of the notifications are wanted */
  readonly isNarrowed: boolean
  readonly read: ReadFile
  /** notifications that were read and left out, by the reason */
  readonly leftOut: { unwanted: number; undefined: number }
  /** Returns the share of the bytes that has been read; undefined where it is not known. */
  done(): number | undefined
}

/** The files of an earlier process, and where it stood in them. */
export type EarlierFiles = { readonly files: readonly KeptFile[]; readonly place: ReplayPlace }

/**
 * Finds the files that are named and puts them into the order of their times, behind those that an earlier process has
 * opened. Rejects with NotFoundError where a file is gone that it has not read to its end.
 */
export async function openFileInput(
  names: readonly string[],
  options: RecordOptions,
  config: Config,
  signal: AbortSignal,
  earlier?: EarlierFiles,
): Promise<FileInput> {
  const { files, place } = earlier
    ? await filesToGoOnWith(names, earlier, config, signal)
    : { files: await lookAtFiles(await namedFiles(names), signal), place: BEGINNING }
  const isToRead = (index: number) =>
    index >= place.opened || place.unfinished.some(({ file }) => file === index)
  const total = files.reduce((sum, { size }, index) => sum + (isToRead(index) ? size : 0), 0)
  const read = new Map<string, number>()
  const { accepts: _, ...filter } = recordFilterOf(options, config)
  const { from, to, types, where } = options
  return {
    files,
    place,
    wanted: {
      from,
      to,
      acceptsType: filter.acceptsType,
      traits: where?.map(({ name, value }) => ({ name, values: readingsOf(value) })),
    },
    isNarrowed: [from, to, types, where].some((one) => one !== undefined),
    read: createFileReader({
      filter,
      onProgress: (file, bytes) => read.set(file, bytes),
      onDamage: (file, at, reason) => printNote(`${file}, byte ${at}: ${reason}`),
    }),
    leftOut: { unwanted: 0, undefined: 0 },
    done() {
      const done = [...read.values()].reduce((sum, bytes) => sum + bytes, 0)
      return total === 0 || done === 0 ? undefined : Math.min(1, done / total)
    },
  }
}

function lookAtFiles(paths: readonly string[], signal: AbortSignal): Promise<SourceFile[]> {
  return orderedFiles(paths, createFileReader({ filter: {} }), signal)
}

async function filesToGoOnWith(
  names: readonly string[],
  { files: kept, place }: EarlierFiles,
  config: Config,
  signal: AbortSignal,
): Promise<{ readonly files: readonly SourceFile[]; readonly place: ReplayPlace }> {
  // What one name means may be gone by now, since it was packed or moved.
  const paths = await Promise.all(names.map((name) => namedFiles([name]).catch(ifMissing)))
  const found = await lookAtFiles([...new Set(paths.flat())], signal)
  const resumed = await resumeFiles(kept, place, found, async ({ path }) => {
    const folders = [dirname(path), ...archiveFolders(config)]
    const others = await Promise.all(folders.map((folder) => namedFiles([folder]).catch(ifMissing)))
    return lookAtFiles([...new Set(others.flat())], signal)
  })
  if ('gone' in resumed)
    throw new NotFoundError(
      `${resumed.gone} is gone, and was not read to its end; put it back, or give up what was replayed with --release-unfinished`,
    )
  for (const file of resumed.again)
    if (file !== '-') printNote(`${file} may have grown since; it is read once more, and repeats do no harm`)
  return resumed
}

/** Returns the folders to which archives move their complete files. */
function archiveFolders({ yagi }: Config): string[] {
  return (yagi?.queues ?? []).flatMap(({ archive }) => archive?.destinationFolder ?? [])
}

function ifMissing(error: unknown): string[] {
  if (error instanceof NotFoundError) return []
  throw error
}

/** Returns the files; of folders and globs without those that a consumer still writes to. */
async function namedFiles(names: readonly string[]): Promise<string[]> {
  const named = new Set(names)
  const found = await findFiles(names.filter((name) => name !== '-'))
  const whole = found.filter((file) => named.has(file) || !isUnfinished(file))
  return named.has('-') ? ['-', ...whole] : whole
}

/** Opens the records of files in order of their times, prepared by these rules. */
export function openRecords(
  { files, place, wanted, read, leftOut }: FileInput,
  rules: RecordRules,
  signal: AbortSignal,
): OrderedRecords {
  const createPrepare = ({ firstTime }: OrderedFile) =>
    createPrepareRecord({
      ...rules,
      wanted,
      // 0 where nothing at the beginning of the file has a time.
      firstTime: firstTime || undefined,
      wallNow: wallClock.now,
      onLeftOut(why) {
        leftOut[why]++
      },
    })
  return new OrderedRecords({ files, read, signal, createPrepare, from: place })
}

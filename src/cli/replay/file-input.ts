import { stat } from 'node:fs/promises'
import type { RecordRules } from '../../assembly/build-replay.ts'
import { wallClock } from '../../clock/event-clock.ts'
import { OrderedRecords } from '../../replay/records/ordered-records.ts'
import { createPrepareRecord } from '../../replay/records/prepare-record.ts'
import type { ReadFile } from '../../replay/records/record.ts'
import type { ReplayPlace } from '../../replay/records/replay-place.ts'
import { orderedFiles, type SourceFile } from '../../replay/records/source-files.ts'
import type { Wanted } from '../../replay/records/wanted.ts'
import { expandFiles } from './expand-files.ts'
import { readTextFile } from './read-file.ts'

/** The files of a replay, and what was read of them. */
export type FileInput = {
  readonly files: readonly SourceFile[]
  readonly wanted: Wanted
  readonly read: ReadFile
  /** notifications that were read and left out, by the reason */
  readonly leftOut: { unwanted: number; undefined: number }
  /** Returns the share of the bytes that has been read; undefined where it is not known. */
  done(): number | undefined
}

/** Finds the files that are named and puts them into the order of their times. */
export async function openFileInput(
  names: readonly string[],
  wanted: Wanted,
  signal: AbortSignal,
): Promise<FileInput> {
  const files = await orderedFiles(await expandFiles(names), readTextFile, signal)
  const sizes = await Promise.all(
    files.map(({ file }) => (file === '-' ? 0 : stat(file).then(({ size }) => size))),
  )
  const total = sizes.reduce((sum, size) => sum + size, 0)
  let done = 0
  const read: ReadFile = async function* (file, stopping) {
    yield* readTextFile(file, stopping)
    done += sizes[files.findIndex((one) => one.file === file)] ?? 0
  }
  return {
    files,
    wanted,
    read,
    leftOut: { unwanted: 0, undefined: 0 },
    done: () => (total === 0 ? undefined : Math.min(1, done / total)),
  }
}

/** Opens the records of files in order of their times, prepared by these rules, from a place on. */
export function openRecords(
  { files, wanted, read, leftOut }: FileInput,
  rules: RecordRules,
  signal: AbortSignal,
  from?: ReplayPlace,
): OrderedRecords {
  const createPrepare = () =>
    createPrepareRecord({
      ...rules,
      wanted,
      wallNow: wallClock.now,
      onLeftOut(why) {
        leftOut[why]++
      },
    })
  return new OrderedRecords({ files, read, signal, createPrepare, ...(from && { from }) })
}

import { stat } from 'node:fs/promises'
import { findFiles, isUnfinished } from '../../archive/reader/find-files.ts'
import type { RecordRules } from '../../assembly/build-replay.ts'
import { wallClock } from '../../clock/event-clock.ts'
import type { Config } from '../../config/load/config.ts'
import { readingsOf } from '../../domain/trait-condition.ts'
import { OrderedRecords } from '../../replay/records/ordered-records.ts'
import { createPrepareRecord } from '../../replay/records/prepare-record.ts'
import type { ReadFile } from '../../replay/records/record.ts'
import type { ReplayPlace } from '../../replay/records/replay-place.ts'
import { orderedFiles, type SourceFile } from '../../replay/records/source-files.ts'
import type { Wanted } from '../../replay/records/wanted.ts'
import { type RecordOptions, recordFilterOf } from '../archive/record-options.ts'
import { printNote } from '../program.ts'
import { createFileReader } from './read-file.ts'

/** The files of a replay, and what was read of them. */
export type FileInput = {
  /** in order of their first times */
  readonly files: readonly SourceFile[]
  readonly wanted: Wanted
  /** whether only some of the notifications are wanted */
  readonly isNarrowed: boolean
  readonly read: ReadFile
  /** notifications that were read and left out, by the reason */
  readonly leftOut: { unwanted: number; undefined: number }
  /** Returns the share of the bytes that has been read; undefined where it is not known. */
  done(): number | undefined
}

/** Finds the files that are named and puts them into the order of their times. */
export async function openFileInput(
  names: readonly string[],
  options: RecordOptions,
  config: Config,
  signal: AbortSignal,
): Promise<FileInput> {
  const paths = await namedFiles(names)
  const files = await orderedFiles(paths, createFileReader({ filter: {} }), signal)
  const sizes = await Promise.all(
    paths.map((file) => (file === '-' ? 0 : stat(file).then(({ size }) => size))),
  )
  const total = sizes.reduce((sum, size) => sum + size, 0)
  const read = new Map<string, number>()
  const { accepts: _, ...filter } = recordFilterOf(options, config)
  const { from, to, types, where } = options
  return {
    files,
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

/** Returns the files; of folders and globs without those that a consumer still writes to. */
async function namedFiles(names: readonly string[]): Promise<string[]> {
  const named = new Set(names)
  const found = await findFiles(names.filter((name) => name !== '-'))
  const whole = found.filter((file) => named.has(file) || !isUnfinished(file))
  return named.has('-') ? ['-', ...whole] : whole
}

/** Opens the records of files in order of their times, prepared by these rules, from a place on. */
export function openRecords(
  { files, wanted, read, leftOut }: FileInput,
  rules: RecordRules,
  signal: AbortSignal,
  from?: ReplayPlace,
): OrderedRecords {
  const createPrepare = ({ firstTime }: SourceFile) =>
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
  return new OrderedRecords({ files, read, signal, createPrepare, ...(from && { from }) })
}

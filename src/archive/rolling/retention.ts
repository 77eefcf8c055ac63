import { existsSync } from 'node:fs'
import { readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { messageOf } from '../../domain/errors.ts'
import type { Logger } from '../../runtime/logger.ts'
import { removeBeside, removeOrphans } from './beside.ts'
import { CRC_PART } from './file-name.ts'
import { awaitsShipping } from './ship-marks.ts'
import { shippedPath } from './shipped.ts'

export type RetentionOptions = {
  /** folder of the complete files */
  readonly folder: string
  /** template of the names of files; others are left alone */
  readonly filenameTemplate: string
  /** age in days from which on files are deleted, by the time at which they were written last */
  readonly days: number
  /** whether only files are deleted that all callbacks have had */
  readonly mustBeShipped: boolean
  readonly logger: Logger
  /** the wall clock and machine time, ms */
  readonly now: () => number
  readonly machineNow: () => number
}

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
/** A clock that has moved so much more than machine time was set by somebody. */
const JUMP_MS = HOUR_MS

/** Deletes old files of an archive, with what belongs to them. */
export class Retention {
  readonly #options: RetentionOptions
  #nextAt = -Infinity
  /** the wall clock minus machine time, when it was looked at last */
  #offset: number

  constructor(options: RetentionOptions) {
    this.#options = options
    this.#offset = options.now() - options.machineNow()
  }

  /**
   * Deletes what is old now, once an hour at most. A clock that jumps is not believed for a day: set ahead by
   * mistake, it would delete everything.
   */
  async step(): Promise<void> {
    const { now, machineNow, logger } = this.#options
    const offset = now() - machineNow()
    if (Math.abs(offset - this.#offset) > JUMP_MS) {
      this.#nextAt = machineNow() + DAY_MS
      logger.warn({}, 'the clock of this machine has jumped; no files of the archive are deleted for a day')
    }
    this.#offset = offset
    if (machineNow() < this.#nextAt) return
    this.#nextAt = machineNow() + HOUR_MS
    try {
      await this.#deleteOld()
    } catch (error) {
      logger.warn({}, `cannot delete old files of the archive: ${messageOf(error)}`)
    }
  }

  async #deleteOld(): Promise<void> {
    const { folder, filenameTemplate, days, mustBeShipped, now, logger } = this.#options
    const isOwn = namesOf(filenameTemplate)
    const files: { readonly path: string; readonly writtenAt: number }[] = []
    for (const name of (await readdir(folder)).filter((one) => isOwn.test(one))) {
      const path = join(folder, name)
      const found = await stat(path).catch(() => undefined)
      if (found?.isFile()) files.push({ path, writtenAt: found.mtimeMs })
    }
    // A clock that is years ahead since the start would make all files old: ages count from the newest one then.
    const newest = files.reduce((latest, { writtenAt }) => Math.max(latest, writtenAt), 0)
    const believed = Math.min(now(), newest + DAY_MS)
    for (const { path, writtenAt } of files) {
      if (believed - writtenAt < days * DAY_MS || (mustBeShipped && !existsSync(shippedPath(path)))) continue
      if (awaitsShipping(path)) continue
      await rm(path, { force: true })
      await removeBeside(path)
      logger.info({ file: path }, `deleted ${path}, which is older than archive_days`)
    }
    await removeOrphans(folder, (name) => isOwn.test(name))
  }
}

/** What formatFileName puts in place of each part; other parts stay as they are. */
const PATTERNS: { readonly [part: string]: string } = {
  '%Y': '\\d{4}',
  '%m': '\\d\\d',
  '%d': '\\d\\d',
  '%H': '\\d\\d',
  '%M': '\\d\\d',
  '%S': '\\d\\d',
  '%X': '\\d\\d:\\d\\d:\\d\\d',
  '%f': '\\d{6}',
  '%j': '\\d{3}',
  '%%': '%',
  '[[TIMESTAMP]]': '\\d+\\.\\d{6}',
  [CRC_PART]: '[0-9a-f]*',
}

/** Returns an expression that matches the names of complete files, packed, counted and renamed ones too. */
function namesOf(template: string): RegExp {
  const parts = template.split(/(%[A-Za-z%]|\[\[TIMESTAMP\]\]|\[\[CRC\]\])/)
  const pattern = parts.map((part) => PATTERNS[part] ?? part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
  return new RegExp(`^${pattern.join('')}(?:\\..+)?$`)
}

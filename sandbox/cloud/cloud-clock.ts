import { execFile } from 'node:child_process'
import { closeSync, openSync, readFileSync, writeFileSync, writeSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)
const SOURCE = resolve(import.meta.dirname, 'clock-shift.c')
const SECOND_MS = 1000
const DAY_MS = 86_400 * SECOND_MS

/**
 * The wall clock of a cloud: that of this machine, moved by whole seconds in every process that has the
 * variables of `env`.
 */
export class CloudClock {
  readonly #file: string
  readonly #library: string

  /** Compiles the library that moves the clock. It shows `start` at first, in ms, to the second. */
  static async create(folder: string, start = Date.now()): Promise<CloudClock> {
    const clock = CloudClock.open(folder)
    await run('gcc', ['-O2', '-Wall', '-shared', '-fPIC', '-o', clock.#library, SOURCE])
    writeFileSync(clock.#file, bytesOf(Math.ceil((start - Date.now()) / SECOND_MS)))
    return clock
  }

  /** Opens the clock that was created in a folder. */
  static open(folder: string): CloudClock {
    return new CloudClock(join(folder, 'clock-shift'), join(folder, 'clock-shift.so'))
  }

  private constructor(file: string, library: string) {
    this.#file = file
    this.#library = library
  }

  get env(): { readonly LD_PRELOAD: string; readonly CLOCK_SHIFT_FILE: string } {
    return { LD_PRELOAD: this.#library, CLOCK_SHIFT_FILE: this.#file }
  }

  /** Returns the time of the clock in milliseconds since the epoch. */
  now(): number {
    return Date.now() + this.#shiftS() * SECOND_MS
  }

  /**
   * Moves the clock forward to a time, rounded up to the second. Running processes see it at once. Throws
   * when the time has passed.
   */
  moveTo(time: number): void {
    const ahead = Math.ceil((time - this.now()) / SECOND_MS)
    if (ahead < 0) throw new Error(`the cloud's clock goes forward only: ${toIso(time)} is over`)
    // Written in place: the processes have mapped the file.
    const file = openSync(this.#file, 'r+')
    writeSync(file, bytesOf(this.#shiftS() + ahead), 0, 8, 0)
    closeSync(file)
  }

  /** Returns the next time at which the clock shows `timeOfDay`, in milliseconds after midnight UTC. */
  next(timeOfDay: number): number {
    const today = Math.floor(this.now() / DAY_MS) * DAY_MS + timeOfDay
    return today > this.now() ? today : today + DAY_MS
  }

  #shiftS(): number {
    return Number(readFileSync(this.#file).readBigInt64LE())
  }
}

function bytesOf(seconds: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigInt64LE(BigInt(seconds))
  return bytes
}

function toIso(time: number): string {
  return new Date(time).toISOString()
}

import { Random } from '../../src/notigen/random.ts'

/** How often things go wrong, as shares of one. */
export type Faults = {
  /** an operation of the store or the archive fails and has done nothing */
  readonly failsBefore: number
  /** an operation of the store is carried out, and its answer is an error */
  readonly failsAfter: number
  /** a process is killed right after an operation of the store was carried out */
  readonly crashesAfter: number
  /** an operation takes as long as to lose a lease */
  readonly stalls: number
  /** a channel breaks when it is used */
  readonly dropsChannel: number
  /** a handler throws; a commit throws */
  readonly handlerFails: number
  /** the database is away until the next trouble */
  readonly storeGoes: number
}

export const NO_FAULTS: Faults = {
  failsBefore: 0,
  failsAfter: 0,
  crashesAfter: 0,
  stalls: 0,
  dropsChannel: 0,
  handlerFails: 0,
  storeGoes: 0,
}

/** A consumer or a worker: what it asks for when it is dead is never answered. */
export type Process = { readonly name: string; isAlive: boolean; readonly onCrash: (() => void)[] }

/** Time, chance and faults of one run: the same seed gives the same run. Timers must be those of the test. */
export class World {
  readonly random: Random
  faults: Faults
  /** the database answers nobody */
  isStoreAway = false
  /** something was written since this was last looked at */
  isDirty = false

  constructor(seed: number, faults: Faults) {
    this.random = new Random(seed)
    this.faults = faults
  }

  happens(fault: keyof Faults): boolean {
    const share = this.faults[fault]
    return share > 0 && this.random.fraction() < share
  }

  /** Takes a process as long as operations take. */
  async passTime(process: Process): Promise<void> {
    const ms = this.happens('stalls') ? this.random.int(500, 4000) : this.random.int(0, 15)
    await new Promise<void>((resolve) => {
      setTimeout(() => {
        if (process.isAlive) resolve()
      }, ms)
    })
  }

  crash(process: Process): void {
    if (!process.isAlive) return
    process.isAlive = false
    for (const react of process.onCrash) react()
  }
}

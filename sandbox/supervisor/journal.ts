import { createHash } from 'node:crypto'
import { closeSync, existsSync, openSync, readFileSync, truncateSync, writeSync } from 'node:fs'
import { join } from 'node:path'

/** Length of a hash and of its line, in characters. */
const HASH = 24
const LINE = HASH + 1
const DIGITS = 15

/** Returns the hash by which the ledger knows the body of a message. */
export function hashOf(body: Uint8Array | string): string {
  return createHash('sha256').update(body).digest('hex').slice(0, HASH)
}

/** What the simulator has sent: hashes in order, and how many of the first RabbitMQ has confirmed. */
export type Sent = { readonly hashes: readonly string[]; readonly confirmed: number }

/**
 * The messages that the simulator has sent, in two files which hold however it dies. A message is noted before
 * it is sent. The number of confirmed messages grows in order: all below it are in RabbitMQ.
 */
export class Journal {
  readonly #list: number
  readonly #mark: number
  #count: number
  #confirmed: number
  /** numbers of messages that were confirmed before one that precedes them */
  readonly #early = new Set<number>()

  /** Opens the journal in a folder. Messages that were not confirmed are forgotten: they are sent again. */
  static open(folder: string): Journal {
    const { list, mark } = filesOf(folder)
    const { confirmed } = readJournal(folder)
    if (existsSync(list)) truncateSync(list, confirmed * LINE)
    return new Journal(openSync(list, 'a'), openSync(mark, existsSync(mark) ? 'r+' : 'w+'), confirmed)
  }

  private constructor(list: number, mark: number, confirmed: number) {
    this.#list = list
    this.#mark = mark
    this.#count = confirmed
    this.#confirmed = confirmed
  }

  /** How many messages, from the first, RabbitMQ has confirmed. */
  get confirmed(): number {
    return this.#confirmed
  }

  /** Notes a message that is about to be sent. Returns its number. */
  note(body: Uint8Array): number {
    writeSync(this.#list, `${hashOf(body)}\n`)
    return this.#count++
  }

  /** Notes that RabbitMQ has a message, by its number. */
  confirm(number: number): void {
    this.#early.add(number)
    while (this.#early.delete(this.#confirmed)) this.#confirmed++
    writeSync(this.#mark, String(this.#confirmed).padStart(DIGITS, '0'), 0)
  }

  close(): void {
    closeSync(this.#list)
    closeSync(this.#mark)
  }
}

/** Reads the journal in a folder; empty when there is none. */
export function readJournal(folder: string): Sent {
  const { list, mark } = filesOf(folder)
  const confirmed = existsSync(mark) ? Number(readFileSync(mark, 'utf8')) : 0
  const lines = existsSync(list) ? readFileSync(list, 'latin1').split('\n') : []
  return { hashes: lines.filter(({ length }) => length === HASH), confirmed }
}

/** Reads how many messages are confirmed, at the cost of one small file. */
export function readConfirmed(folder: string): number {
  const { mark } = filesOf(folder)
  return existsSync(mark) ? Number(readFileSync(mark, 'utf8')) : 0
}

function filesOf(folder: string) {
  return { list: join(folder, 'sent'), mark: join(folder, 'confirmed') }
}

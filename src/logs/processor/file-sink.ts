import { accessSync, closeSync, constants, fstatSync, lstatSync, statSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { messageOf, StackTachError } from '../../domain/errors.ts'
import type { Logger } from '../../runtime/logger.ts'
import { Outage } from '../../runtime/outage.ts'
import { textOfPath } from '../../ship/log-sets/path-text.ts'
import { FileWriter } from './file-writer.ts'
import { nameParts } from './name-parts.ts'
import { openTarget, Refusal } from './open-target.ts'
import type { PathTemplate } from './path-template.ts'
import type { ProcessorCounters } from './processor-state.ts'
import type { Content, Sender, Sink } from './sink.ts'
import { StreamOrder } from './stream-order.ts'
import { type StreamKey, WrittenJournal } from './written-journal.ts'

/** Time without a piece after which a file is closed, ms, and how often that is looked at. */
const IDLE_MS = 60_000
const LOOK_MS = 10_000
/** Most files that are open; the one that rests longest is closed for another. */
const MOST_OPEN = 512
const JOURNAL = 'written.db'
const SLASH = Buffer.from('/')

export type FileSinkParts = {
  readonly targetDir: string
  /** folder of the journal of what is written */
  readonly stateDir: string
  readonly path: PathTemplate
  /** whether an answer waits until the content is on disk */
  readonly isSynced: boolean
  /** whether folders in names are made for thunder too */
  readonly makesFolders: boolean
  readonly counters: ProcessorCounters
  readonly logger: Logger
}

/** Appends content to files of a folder, each by one writer, however many names lead to it. */
export class FileSink implements Sink {
  readonly depth = 16
  readonly #parts: FileSinkParts
  readonly #byName = new Map<string, FileWriter>()
  readonly #byId = new Map<string, FileWriter>()
  readonly #order = new StreamOrder()
  readonly #stopping = new AbortController()
  readonly #outage: Outage
  readonly #timer: NodeJS.Timeout
  #journal: WrittenJournal | undefined

  /** Throws StackTachError where the target folder is not there. */
  constructor(parts: FileSinkParts) {
    requireFolder(parts.targetDir)
    this.#parts = parts
    this.#outage = new Outage(parts.logger, 'files can be written again')
    this.#timer = setInterval(() => this.#closeIdle(), LOOK_MS).unref()
  }

  async take(content: Content, sender: Sender): Promise<bigint> {
    const { file, pieces, stream, begin, end } = content
    const named = nameParts(this.#parts.path(sender.host, file))
    if ('refusal' in named) throw new Refusal(named.refusal)
    const writer = this.#writerOf(named.parts, sender.peer !== undefined)
    const { peer, signal } = sender
    const of = peer !== undefined && stream !== undefined ? { peer, stream, begin: Number(begin) } : undefined
    const append = () => writer.append({ pieces, length: Number(end - begin), of, signal })
    if (of) await this.#inTurn(writer, of, signal, append)
    else await append()
    return end
  }

  /** Appends a piece of a stream when it has its turn. The writer stays open meanwhile. */
  async #inTurn(
    writer: FileWriter,
    { peer, stream }: StreamKey,
    signal: AbortSignal,
    append: () => Promise<void>,
  ): Promise<void> {
    writer.expected++
    try {
      await this.#order.write(`${peer}\0${stream}`, signal, writer, append)
    } finally {
      writer.expected--
    }
  }

  forget({ signal }: Sender): void {
    this.#order.forget(signal)
  }

  reopen(): void {
    for (const writer of new Set(this.#byName.values())) writer.reopen()
  }

  hindrance(): string | undefined {
    return this.#outage.reason
  }

  async close(): Promise<void> {
    clearInterval(this.#timer)
    this.#stopping.abort()
    for (const writer of new Set(this.#byName.values())) {
      await writer.rest()
      writer.close()
    }
    this.#byName.clear()
    this.#journal?.close()
  }

  #writerOf(parts: readonly Buffer[], isOurs: boolean): FileWriter {
    const name = joined(parts).toString('latin1')
    const known = this.#byName.get(name)
    if (known) return known
    const fd = this.#open(parts, isOurs)
    const { dev, ino } = fstatSync(fd, { bigint: true })
    const id = `${dev}:${ino}`
    const same = this.#byId.get(id)
    if (same) {
      closeSync(fd)
      this.#byName.set(name, same)
      return same
    }
    const writer = this.#create(parts, isOurs, fd)
    this.#byName.set(name, writer)
    this.#byId.set(id, writer)
    if (this.#byId.size > MOST_OPEN) this.#closeOldest()
    return writer
  }

  #open(parts: readonly Buffer[], isOurs: boolean): number {
    return openTarget(this.#parts.targetDir, parts, isOurs || this.#parts.makesFolders)
  }

  #create(parts: readonly Buffer[], isOurs: boolean, fd: number): FileWriter {
    const { isSynced, counters } = this.#parts
    const writer = new FileWriter(
      {
        file: joined(parts),
        open: () => this.#reopened(writer, this.#open(parts, isOurs)),
        journal: () => this.#requireJournal(),
        ...{ isSynced, counters, stopping: this.#stopping.signal },
        onHindrance: (reason) => (reason === undefined ? this.#outage.over() : this.#outage.failed(reason)),
      },
      fd,
    )
    return writer
  }

  /** Notes which file a writer has opened by its name now. */
  #reopened(writer: FileWriter, fd: number): number {
    for (const [id, one] of this.#byId) if (one === writer) this.#byId.delete(id)
    const { dev, ino } = fstatSync(fd, { bigint: true })
    this.#byId.set(`${dev}:${ino}`, writer)
    return fd
  }

  #requireJournal(): WrittenJournal {
    const { stateDir, isSynced, targetDir } = this.#parts
    this.#journal ??= WrittenJournal.open(join(stateDir, JOURNAL), isSynced, (file, dev, ino) => {
      const stats = lstatSync(Buffer.concat([Buffer.from(targetDir), SLASH, file]), {
        bigint: true,
        throwIfNoEntry: false,
      })
      return stats?.dev === dev && stats.ino === ino ? Number(stats.size) : undefined
    })
    return this.#journal
  }

  #closeIdle(): void {
    const now = performance.now()
    for (const writer of new Set(this.#byName.values()))
      if (writer.isIdle && now - writer.usedAt > IDLE_MS) this.#drop(writer)
  }

  #closeOldest(): void {
    const idle = [...new Set(this.#byName.values())].filter(({ isIdle }) => isIdle)
    const [oldest] = idle.sort((a, b) => a.usedAt - b.usedAt)
    if (oldest) this.#drop(oldest)
  }

  #drop(writer: FileWriter): void {
    writer.close()
    for (const map of [this.#byName, this.#byId])
      for (const [key, one] of map) if (one === writer) map.delete(key)
  }
}

/**
 * Returns where the journal of a target folder is kept unless it is said: in the state folder of the service manager, else
 * beside the target folder, or in it where nothing can be made beside it.
 */
export function stateDirOf(targetDir: string, environment: NodeJS.ProcessEnv): string {
  const [given] = (environment.STATE_DIRECTORY ?? '').split(':')
  if (given) return given
  const target = resolve(targetDir)
  const parent = dirname(target)
  try {
    accessSync(parent, constants.W_OK)
    return join(parent, `.${basename(target)}.stv3-logs`)
  } catch {
    return join(target, '.stv3-logs')
  }
}

function joined(parts: readonly Buffer[]): Buffer {
  return Buffer.concat(parts.flatMap((part, index) => (index === 0 ? [part] : [SLASH, part])))
}

function requireFolder(path: string): void {
  try {
    if (statSync(path).isDirectory()) return
  } catch (error) {
    throw new StackTachError('io', `cannot use the target folder ${path}: ${messageOf(error)}`, {
      cause: error,
    })
  }
  throw new StackTachError('io', `the target folder ${textOfPath(Buffer.from(path))} is no folder`)
}

import { statSync } from 'node:fs'
import { messageOf, StackTachError } from '../../domain/errors.ts'
import { sleep } from '../../runtime/backoff.ts'
import type { Service } from '../../runtime/lifecycle.ts'
import type { Logger } from '../../runtime/logger.ts'
import { textOfPath } from '../../ship/log-sets/path-text.ts'
import { EXTRA, helloExtra } from '../wire/extras.ts'
import type { ReadMessage } from '../wire/log-message.ts'
import type { CollectorCounters, CollectorView, FileLag } from './collector-state.ts'
import { FolderWatch } from './folder-watch.ts'
import type { OffsetsStore } from './offsets-store.ts'
import type { IsWanted } from './patterns.ts'
import { ProcessorLink, type Target } from './processor-link.ts'
import { Rotation } from './rotation.ts'
import { Sender } from './sender.ts'
import { isRotated, OLD, type SourceFile } from './source-file.ts'
import { keyOf, SourceFiles } from './source-files.ts'

const SWEEP_MS = 2000
const SAVE_MS = 1000
/** Time that a stop waits while answers come, and at most, ms. */
const STILL_MS = 1000
const STOP_MS = 10_000
/** Most faults of different files that are logged. */
const MOST_FAULTS = 100

export type CollectorParts = {
  readonly folder: Buffer
  readonly isRecursive: boolean
  readonly isWanted: IsWanted
  /** size from which a file is rotated, bytes; 0 for never */
  readonly rotateBytes: number
  readonly store: OffsetsStore
  readonly target: Target
  readonly host: string
  readonly token: string | undefined
  readonly zstd: boolean
  readonly logger: Logger
}

/** Sends what is written to the files of a folder to a processor, at least once, and knows over restarts how far it is. */
export class Collector implements Service {
  readonly #parts: CollectorParts
  readonly #files: SourceFiles
  readonly #watch: FolderWatch
  readonly #link: ProcessorLink
  readonly #sender: Sender
  readonly #rotation: Rotation
  readonly #stopping = new AbortController()
  readonly #touched = new Set<SourceFile>()
  readonly #said = new Set<string>()
  #others = new Map<bigint, bigint>()
  #token: string | undefined
  #isLooking = false
  #timers: NodeJS.Timeout[] = []
  #hasStarted = false
  #saveFailure: string | undefined
  readonly #counters: CollectorCounters = {
    ...{ messages: 0, bytes: 0, answers: 0, resentBytes: 0, refusals: 0, newLives: 0, faults: 0 },
  }

  constructor(parts: CollectorParts) {
    this.#parts = parts
    this.#token = parts.token
    const { folder, store, logger, isRecursive } = parts
    const now = () => performance.now()
    const onFault = (path: Buffer, reason: string) => this.#fault(path, reason)
    this.#files = new SourceFiles({
      ...{ folder, isWanted: parts.isWanted, now, onFault },
      own: new Set(store.paths),
      remembered: (dev, ino) => store.remembered(dev, ino),
      onGrowth: (file) => this.#sender.want(file),
      onLeft: (file) => store.leave(file.remember()),
      onNewLife: (file) => {
        this.#counters.newLives++
        logger.info(
          { file: textOfPath(file.name) },
          `${textOfPath(file.name)} is read from its begin: it was cut or replaced`,
        )
      },
    })
    this.#watch = new FolderWatch({
      ...{ folder, isRecursive, onFault },
      onEvent: (name, isWrite) => this.#event(name, isWrite),
    })
    this.#link = new ProcessorLink({
      ...{ target: parts.target, logger },
      onAnswer: (message) => this.#answer(message),
      onOpen: () => this.#sender.greet(),
      onLost: () => this.#lost(),
      isWaiting: () => this.#sender.unanswered.messages > 0,
    })
    this.#sender = new Sender({
      ...{ link: this.#link, counters: this.#counters, zstd: parts.zstd },
      hello: () => helloExtra({ peer: store.peer, host: parts.host, token: this.#token, zstd: parts.zstd }),
      remember: () => this.#saveOrSay(),
      before: (file) => this.#files.before(file),
      onRead: (file) => this.#rotation.consider(file),
      onShort: (file) => this.#files.lookAgain(file),
      onFault: (file, error) => this.#files.failed(file, error),
      onOther: (file) => this.#files.begunAnew(file),
    })
    this.#rotation = new Rotation({
      ...{ files: this.#files, limit: parts.rotateBytes, logger, signal: this.#stopping.signal },
      onRotated: (name) => this.#rotated(name),
      onTail: (file) => this.#sender.wantTail(file),
    })
  }

  /** Rejects with StackTachError where the folder cannot be read, or the offsets cannot be read and saved. */
  async start(): Promise<void> {
    const { folder, store, rotateBytes } = this.#parts
    requireFolder(folder)
    await store.load()
    this.#sweep()
    store.forget()
    await this.#save()
    this.#hasStarted = true
    this.#link.start()
    this.#sender.start()
    if (rotateBytes > 0) for (const file of this.#files.all) this.#rotation.consider(file)
    this.#timers = [
      setInterval(() => this.#sweep(), SWEEP_MS),
      setInterval(() => void this.#saveOrSay(), SAVE_MS),
    ]
  }

  /** Sends what there is, waits for answers as long as they come, and saves. */
  async stop(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer)
    if (!this.#hasStarted) return
    this.#hasStarted = false
    this.#stopping.abort()
    await this.#rotation.stop()
    this.#sweep()
    for (const file of this.#files.all) this.#sender.wantTail(file)
    await this.#untilStill()
    await this.#sender.stop()
    await this.#link.stop()
    this.#watch.close()
    await this.#save()
    this.#files.close()
  }

  /** Reads by other patterns and sends with another target or token from now on. */
  reload(isWanted: IsWanted, target: Target, token: string | undefined): void {
    this.#files.want(isWanted)
    this.#token = token
    this.#link.lead(target)
    this.#sweep()
  }

  /** Returns why it does not send; undefined when it does. */
  hindrance(): string | undefined {
    return this.#saveFailure ?? this.#link.hindrance
  }

  view(): CollectorView {
    const lags = this.lags()
    return {
      ...this.#counters,
      files: this.#files.count,
      lagBytes: lags.reduce((sum, { bytes }) => sum + bytes, 0),
      lagSeconds: Math.max(0, ...lags.map(({ seconds }) => seconds)),
      unansweredMessages: this.#sender.unanswered.messages,
      unansweredBytes: this.#sender.unanswered.bytes,
      rotations: this.#rotation.rotated,
      failedRotations: this.#rotation.failed,
      reconnects: Math.max(0, this.#link.reconnects),
      refusedFiles: [...this.#files.all].filter(({ refusal }) => refusal !== undefined).length,
    }
  }

  /** Returns the files of which not all is answered, the one that waits longest first. */
  lags(): FileLag[] {
    const now = performance.now()
    return [...this.#files.all]
      .filter((file) => !file.isAnswered)
      .map((file) => ({
        file: textOfPath(file.name),
        bytes: file.end - file.answered,
        seconds: file.lagMs(now) / 1000,
      }))
      .sort((a, b) => b.seconds - a.seconds || b.bytes - a.bytes)
  }

  #event(name: Buffer, isWrite: boolean): void {
    const file = isWrite ? this.#files.at(name) : undefined
    if (!file) this.#files.lookAt(name)
    if (!file || file.isQueued) return
    // Many notices of one file in a turn of the event loop are one look.
    this.#touched.add(file)
    if (this.#isLooking) return
    this.#isLooking = true
    setImmediate(() => {
      this.#isLooking = false
      const touched = [...this.#touched]
      this.#touched.clear()
      for (const one of touched) this.#files.lookAgain(one)
    })
  }

  #sweep(): void {
    const names = this.#watch.list()
    // What was rotated goes before what is written now.
    for (const isOld of [true, false])
      for (const name of names) if (isRotated(name) === isOld) this.#files.lookAt(name)
    this.#files.settle(new Set(names.map(keyOf)))
  }

  #rotated(name: Buffer): void {
    this.#files.lookAt(Buffer.concat([name, OLD]))
    this.#files.lookAt(name)
  }

  #fault(path: Buffer, reason: string): void {
    this.#counters.faults++
    const key = `${keyOf(path)}\0${reason}`
    if (this.#said.has(key) || this.#said.size >= MOST_FAULTS) return
    this.#said.add(key)
    const file = textOfPath(path)
    this.#parts.logger.warn({ file }, `${file} cannot be read: ${reason}`)
  }

  #answer(message: ReadMessage): void {
    if (message.extras?.has(EXTRA.waiting)) return
    this.#counters.answers++
    const refusal = message.extras?.get(EXTRA.refusal)?.toString()
    if (refusal !== undefined) this.#refused(message, refusal)
    if (refusal !== undefined || this.#sender.answered(message.inode, Number(message.offset))) return
    // As thunder does: an answer about a file that is none of ours is kept until the next start.
    if (message.offset > 0n && !this.#isOurs(message.inode)) this.#others.set(message.inode, message.offset)
  }

  #isOurs(inode: bigint): boolean {
    for (const { ino } of this.#files.all) if (ino === inode) return true
    return false
  }

  #refused({ inode }: ReadMessage, reason: string): void {
    this.#counters.refusals++
    const file = this.#sender.refused(inode)
    if (!file || file.refusal === reason) return
    file.refusal = reason
    const name = textOfPath(file.name)
    this.#parts.logger.warn(
      { file: name },
      `the processor refuses ${name}: ${reason}; it is tried again each minute`,
    )
  }

  #lost(): void {
    this.#sender.lost()
    void this.#saveOrSay()
  }

  async #saveOrSay(): Promise<void> {
    try {
      await this.#save()
      this.#saveFailure = undefined
    } catch (error) {
      if (this.#saveFailure === undefined) this.#parts.logger.error({}, messageOf(error))
      this.#saveFailure = messageOf(error)
    }
  }

  async #save(): Promise<void> {
    const files = [...this.#files.all].filter(({ isReplaced }) => !isReplaced)
    for (const file of files) this.#files.takeFingerprint(file)
    const remembered = files.map((file) => file.remember())
    const others = [...this.#others].map(([inode, offset]) => ({ inode, offset }))
    await this.#parts.store.save(remembered, others)
    files.forEach((file, index) => {
      file.savedStream = remembered[index]?.stream ?? ''
    })
  }

  /** Resolves when everything is sent and answered, or nothing has come of it for a while. */
  async #untilStill(): Promise<void> {
    const end = performance.now() + STOP_MS
    let progressAt = performance.now()
    let last = ''
    while (performance.now() < end && performance.now() - progressAt < STILL_MS) {
      if (this.#sender.isIdle && this.#sender.unanswered.messages === 0) return
      if (!this.#link.isConnected) return
      const state = `${this.#counters.answers} ${this.#counters.messages}`
      if (state !== last) progressAt = performance.now()
      last = state
      await sleep(10)
    }
  }
}

function requireFolder(folder: Buffer): void {
  const path = textOfPath(folder)
  try {
    if (statSync(folder).isDirectory()) return
  } catch (error) {
    throw new StackTachError('io', `cannot read ${path}: ${messageOf(error)}`, { cause: error })
  }
  throw new StackTachError('io', `${path} is no folder`)
}

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  appendFileSync,
  closeSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { Collector } from '../../../src/logs/collector/collector.ts'
import { OffsetsStore } from '../../../src/logs/collector/offsets-store.ts'
import { temporaryFolder } from '../folders.ts'
import { folderForm, inFolder, nameForm } from './folder-form.ts'
import { bytesOf, dataBytes, type SessionStep, type SessionVector, type VectorFolder } from './log-vectors.ts'
import { RecordingProxy } from './recording-proxy.ts'
import { type RunningProcessor, startCollector, startProcessor } from './running-logs.ts'
import { type Received, ScriptedProcessor } from './scripted-processor.ts'

/** What came of a session, in the form of vectors; inodes by their labels. */
export type SessionOutcome = {
  readonly connections: readonly (readonly (Omit<Received, 'inode'> & { readonly inode: string })[])[]
  readonly exits: readonly unknown[]
  readonly looks: readonly Look[]
  readonly source: object
  readonly target: object | null
  readonly db: Db
}

type Db = {
  readonly entries: { readonly [label: string]: number }
  readonly members: readonly string[]
  readonly final_newline: boolean
}
type Look = {
  readonly offsets_db: Db
  readonly source: readonly string[]
  readonly target: object | null
  readonly messages: number
}

/** Longest pause that is kept, ms: thunder looks at some things each 10 s. */
const LONGEST_PAUSE_MS = 1300
const QUIET_MS = 150
/** Time after which an answer is saved. */
const SAVED_MS = 1200

const silent = { debug() {}, info() {}, warn() {}, error() {}, child: () => silent }

/** Runs the steps of a session in this process. With `asThunder` both sides take each other for thunder. */
export async function runSession(vector: SessionVector, asThunder: boolean): Promise<SessionOutcome> {
  return new Session(vector, asThunder).run()
}

class Session {
  readonly #vector: SessionVector
  readonly #asThunder: boolean
  readonly #folder = temporaryFolder()
  readonly #source = join(this.#folder, 'src')
  readonly #target = join(this.#folder, 'dst')
  readonly #labels = new Map<bigint, string>()
  readonly #handles = new Map<string, number>()
  readonly #exits: unknown[] = []
  readonly #looks: Look[] = []
  #db = join(this.#folder, 'offsets.db')
  #scripted: ScriptedProcessor | undefined
  #proxy: RecordingProxy | undefined
  #processor: RunningProcessor | undefined
  #collector: { readonly running: Collector; readonly store: OffsetsStore } | undefined

  constructor(vector: SessionVector, asThunder: boolean) {
    this.#vector = vector
    this.#asThunder = asThunder
  }

  async run(): Promise<SessionOutcome> {
    const { processor: rules, steps } = this.#vector
    mkdirSync(this.#source)
    mkdirSync(this.#target)
    this.#writeBefore()
    if (rules) this.#scripted = await ScriptedProcessor.start(rules)
    else {
      this.#processor = await startProcessor(this.#target)
      this.#proxy = await RecordingProxy.start(this.#processor.processor.port, this.#asThunder)
    }
    for (const step of steps) {
      await this.#step(step)
      this.#label()
    }
    await this.#stop('running at the end')
    for (const fd of this.#handles.values()) closeSync(fd)
    this.#scripted?.stop()
    this.#proxy?.stop()
    const received = (this.#scripted ?? this.#proxy)?.connections ?? []
    return {
      connections: received.map((one) =>
        one.map((message) => ({ ...message, inode: this.#labelOf(message.inode) })),
      ),
      exits: this.#exits,
      looks: this.#looks,
      source: folderForm(this.#source, this.#vector.source_after),
      target: this.#targetForm(this.#vector.target_after),
      db: this.#dbForm(),
    }
  }

  #writeBefore(): void {
    const { source_before = [], offsets_db_before: before } = this.#vector
    for (const { file, data } of source_before) writeFileSync(this.#path(file), dataBytes(data))
    this.#label()
    if (!before) return
    const { raw, entries = [], ino = 'Ino', off = 'Off', then = '\n' } = before
    const inodeOf = (file: string) =>
      /^\d+$/.test(file) ? file : String(lstatSync(this.#path(file), { bigint: true }).ino)
    const text = entries.map(({ file, offset }) => `{"${ino}":${inodeOf(file)},"${off}":${offset}}`).join(',')
    writeFileSync(this.#db, raw ?? `[${text}]${then}`)
  }

  async #step(step: SessionStep): Promise<unknown> {
    const { file = '', data = { text: '' }, from = '', to = '' } = step
    switch (step.op) {
      case 'collector':
        return this.#start(step.db)
      case 'write':
        return this.#write(step)
      case 'open':
        return this.#handles.set(step.as ?? '', openSync(this.#path(file), 'a'))
      case 'lock':
        return lockShared(this.#handles.get(step.handle ?? '') as number)
      case 'handle_write':
        return writeSync(this.#handles.get(step.handle ?? '') as number, dataBytes(data))
      case 'close': {
        closeSync(this.#handles.get(step.handle ?? '') as number)
        return this.#handles.delete(step.handle ?? '')
      }
      case 'rename':
        return renameSync(this.#path(from), this.#path(to))
      case 'move_in':
        writeFileSync(join(this.#folder, 'moving'), dataBytes(data))
        return renameSync(join(this.#folder, 'moving'), this.#path(file))
      case 'delete':
        return rmSync(this.#path(file))
      case 'truncate':
        return truncateSync(this.#path(file), step.size ?? 0)
      case 'mkdir':
        return mkdirSync(this.#path(file))
      case 'symlink':
        return symlinkSync(to, this.#path(file))
      case 'hardlink':
        return linkSync(this.#path(to), this.#path(file))
      case 'outside':
        writeFileSync(join(this.#folder, file), dataBytes(data))
        return this.#labels.set(statSync(join(this.#folder, file), { bigint: true }).ino, `../${file}`)
      case 'settle':
        return this.#settle(step.quiet === undefined ? QUIET_MS : step.quiet * 1000)
      case 'pause':
        return delay(Math.min(step.ms ?? 0, LONGEST_PAUSE_MS))
      case 'look':
        return this.#look()
      case 'signal':
        // SIGHUP has the collector read its settings again, and look at the folder.
        return delay(QUIET_MS)
      case 'end':
        return this.#stop(step.signal === 'KILL' ? { signal: 'SIGKILL' } : 0)
      case 'await_exit':
        return delay(500)
      case 'answer_held':
        return this.#scripted?.answerHeld()
      case 'target_rename':
        return renameSync(join(this.#target, from), join(this.#target, to))
      case 'processor_signal':
        return this.#processor?.sink.reopen()
      case 'db_delete':
        return rmSync(this.#db)
      default:
        throw new Error(`there is no step ${step.op}`)
    }
  }

  async #start(db: string | undefined): Promise<void> {
    // Thunder's has ended where ours has gone on.
    if (this.#collector) return
    if (db !== undefined) this.#db = join(this.#folder, db)
    const store = new OffsetsStore(this.#db, silent)
    const { rotation_limit: rotateBytes = 20_000_000 } = this.#vector
    const port = (this.#scripted ?? this.#proxy)?.port ?? 0
    this.#collector = {
      running: await startCollector(this.#source, this.#db, port, { rotateBytes, store }),
      store,
    }
    await delay(50)
  }

  async #stop(exit: unknown): Promise<void> {
    const collector = this.#collector
    if (!collector) return
    this.#collector = undefined
    // A process that is killed saves nothing more.
    if (typeof exit === 'object') collector.store.save = async () => {}
    await collector.running.stop()
    this.#exits.push(exit)
  }

  #write({ file = '', data = { text: '' }, mode, at }: SessionStep): void {
    const path = this.#path(file)
    if (at !== undefined) {
      const fd = openSync(path, 'r+')
      const bytes = dataBytes(data)
      writeSync(fd, bytes, 0, bytes.length, at)
      closeSync(fd)
    } else if (mode === 'create') writeFileSync(path, dataBytes(data))
    else appendFileSync(path, dataBytes(data))
  }

  async #settle(quietMs: number): Promise<void> {
    const isScripted = this.#scripted !== undefined
    let [since, last] = [performance.now(), '']
    const end = since + 20_000
    while (performance.now() < end) {
      const view = this.#collector?.running.view()
      const state = `${this.#messageCount} ${view?.lagBytes} ${view?.unansweredMessages} ${view?.answers}`
      if (state !== last) [since, last] = [performance.now(), state]
      const isAnswered = isScripted || !view || (view.lagBytes === 0 && view.unansweredMessages === 0)
      if (isAnswered && performance.now() - since > quietMs * (isScripted ? 2 : 1)) return
      await delay(10)
    }
  }

  get #messageCount(): number {
    return (this.#scripted ?? this.#proxy)?.messageCount ?? 0
  }

  async #look(): Promise<void> {
    // The offsets are saved each second.
    await delay(SAVED_MS)
    const like = this.#vector.looks?.[this.#looks.length]
    this.#looks.push({
      offsets_db: this.#dbForm(),
      source: readdirSync(this.#source, { encoding: 'buffer' }).map(nameForm).sort(),
      target: this.#targetForm(like?.target ?? undefined),
      messages: this.#messageCount,
    })
  }

  #targetForm(like: VectorFolder | undefined): object | null {
    return this.#scripted ? null : folderForm(this.#target, like)
  }

  #dbForm(): Db {
    const text = readFileSync(this.#db, 'utf8')
    const list: { Ino: number; Off: number }[] = JSON.parse(text)
    return {
      entries: Object.fromEntries(list.map(({ Ino, Off }) => [this.#labelOf(BigInt(Ino)), Off])),
      members: [...new Set(list.flatMap((one) => Object.keys(one)))],
      final_newline: text.endsWith('\n'),
    }
  }

  #path(name: string): Buffer {
    return inFolder(this.#source, bytesOf(name))
  }

  /** Gives each new file of the folder the label of vectors: its name, or NAME#2 for the second of the name. */
  #label(): void {
    for (const name of readdirSync(this.#source, { encoding: 'buffer' })) {
      const stats = statSync(inFolder(this.#source, name), { bigint: true, throwIfNoEntry: false })
      if (!stats || this.#labels.has(stats.ino)) continue
      const shown = labelOfName(name)
      const taken = [...this.#labels.values()].filter((label) => label.split('#')[0] === shown).length
      this.#labels.set(stats.ino, taken === 0 ? shown : `${shown}#${taken + 1}`)
    }
  }

  #labelOf(inode: bigint): string {
    return this.#labels.get(inode) ?? `${inode}`
  }
}

/** Returns a name as the labels of vectors have it: a byte that is not UTF-8 in hex. */
function labelOfName(name: Buffer): string {
  const text = name.toString()
  if (Buffer.from(text).equals(name)) return text
  return name.toString('latin1').replace(/[\x80-\xff]/g, (byte) => `\\x${byte.charCodeAt(0).toString(16)}`)
}

async function lockShared(fd: number): Promise<void> {
  const child = spawn('flock', ['--shared', '3'], { stdio: ['ignore', 'ignore', 'ignore', fd] })
  await once(child, 'close')
}

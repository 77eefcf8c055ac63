import {
  appendFileSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { ChildProgram } from '../../sandbox/servers/child-program.ts'
import { temporaryFolder } from '../support/folders.ts'
import { expectEachOnce } from '../support/logs/log-deployment.ts'
import { startProcessor } from '../support/logs/running-logs.ts'
import { TcpProxy } from '../support/tcp-proxy.ts'
import { until } from '../support/until.ts'

const SEEDS = 24
const STEPS = 60

/** Numbers from 0 to 1 that are the same for the same seed. */
function randomOf(seed: number): () => number {
  let state = seed * 2654435761
  return () => {
    state = (state ^ (state << 13)) >>> 0
    state = (state ^ (state >>> 17)) >>> 0
    state = (state ^ (state << 5)) >>> 0
    return state / 2 ** 32
  }
}

/** Files, writers and programs of one seed. The collector is a process of its own, which is killed now and then. */
class World {
  readonly #random: () => number
  readonly #folder = temporaryFolder()
  readonly source = join(this.#folder, 'source')
  readonly target = join(this.#folder, 'target')
  readonly counts: { [writer: string]: number } = {}
  readonly #halves = new Map<string, { readonly fd: number; readonly rest: string }>()
  #moves = 0
  #proxy: TcpProxy | undefined
  #collector: ChildProgram | undefined

  constructor(seed: number) {
    this.#random = randomOf(seed)
  }

  async run(): Promise<void> {
    for (const path of [this.source, this.target]) mkdirSync(path)
    const { processor } = await startProcessor(this.target)
    this.#proxy = await TcpProxy.start(`tcp://127.0.0.1:${processor.port}`)
    this.#start()
    onTestFinished(async () => void (await this.#collector?.stop('SIGKILL')))
    for (let step = 0; step < STEPS; step++) {
      await this.#step()
      await delay(this.#random() * 30)
    }
    for (const name of ['a', 'b', 'c']) this.#finish(name)
    await this.#settled()
    await until('the collector to run', () => this.#collector?.stderr.includes('running') === true)
    expect(await this.#collector?.stop()).toMatchObject({ code: 0 })
    await this.#proxy.stop()
  }

  /** Returns the lines of each file of the target. */
  files(): string[][] {
    return readdirSync(this.target).map((name) =>
      readFileSync(join(this.target, name), 'utf8').split('\n').filter(Boolean),
    )
  }

  #start(): void {
    const { port } = new URL(this.#proxy?.urlOf('tcp://127.0.0.1:1') ?? '')
    this.#collector = new ChildProgram('stv3', [
      ...['logs-collector', '--source-dir', this.source, '--offsets-db', join(this.#folder, 'offsets.db')],
      ...['--target-address', `127.0.0.1:${port}`, '--rotate-bytes', '3000'],
    ])
  }

  async #step(): Promise<void> {
    const name = ['a', 'b', 'c'][Math.floor(this.#random() * 3)] as string
    const chance = this.#random()
    if (chance < 0.6) this.#write(name, 1 + Math.floor(this.#random() * 40))
    else if (chance < 0.7) this.#writeHalf(name)
    else if (chance < 0.78) this.#proxy?.cut()
    else if (chance < 0.86) await this.#crash()
    else if (chance < 0.9) await this.#moveAway(name)
    else if (chance < 0.95) await this.#cutFile(name)
    else this.#moveIn()
  }

  #path(name: string): string {
    return join(this.source, `${name}.log`)
  }

  #next(writer: string): string {
    const number = this.counts[writer] ?? 0
    this.counts[writer] = number + 1
    return `${writer} ${number} ${'y'.repeat(Math.floor(this.#random() * 200))}\n`
  }

  #write(name: string, count: number): void {
    this.#finish(name)
    appendFileSync(this.#path(name), Array.from({ length: count }, () => this.#next(name)).join(''))
  }

  /** Writes the begin of a line. The rest of it follows before anything else is done with the file. */
  #writeHalf(name: string): void {
    this.#finish(name)
    const line = this.#next(name)
    const fd = openSync(this.#path(name), 'a')
    writeSync(fd, line.slice(0, line.length / 2))
    this.#halves.set(name, { fd, rest: line.slice(line.length / 2) })
  }

  /** Writes the rest of a line, to the file that has its begin, whatever its name is now. */
  #finish(name: string): void {
    const half = this.#halves.get(name)
    if (!half) return
    this.#halves.delete(name)
    writeSync(half.fd, half.rest)
    closeSync(half.fd)
  }

  async #crash(): Promise<void> {
    await this.#collector?.stop('SIGKILL')
    this.#start()
  }

  /**
   * Renames a file while a collector is there: what is renamed while none is goes on under its new name from where it was. A line that
   * was sent by half must be whole before.
   */
  async #moveAway(name: string): Promise<void> {
    const isHalf = this.#halves.has(name)
    this.#finish(name)
    await until('the collector to run', () => this.#collector?.stderr.includes('running') === true)
    if (isHalf) await this.#settled()
    if (existsSync(this.#path(name)))
      renameSync(this.#path(name), join(this.source, `${name}.log.${this.#moves++}`))
  }

  /** Cuts a file as copytruncate does, once all of it is read. */
  async #cutFile(name: string): Promise<void> {
    this.#finish(name)
    await this.#settled()
    if (existsSync(this.#path(name))) truncateSync(this.#path(name))
    if (this.#random() < 0.3) rmSync(this.#path(name), { force: true })
  }

  #moveIn(): void {
    const writer = `moved${this.#moves++}`
    const path = join(this.source, '..', writer)
    appendFileSync(path, Array.from({ length: 30 }, () => this.#next(writer)).join(''))
    renameSync(path, join(this.source, `${writer}.log`))
  }

  async #settled(): Promise<void> {
    const wanted = () => Object.values(this.counts).reduce((sum, count) => sum + count, 0)
    await until('everything to be there', () => this.files().flat().length >= wanted()).catch((error) => {
      throw new Error(`${error.message}: ${this.files().flat().length} of ${wanted()}`)
    })
    await delay(100)
  }
}

const numberOf = (line: string) => Number(line.split(' ')[1])
const byNumber = (one: string, other: string) => numberOf(one) - numberOf(other)

function expectInOrder(lines: readonly string[]): void {
  const writers = new Set(lines.map((line) => line.split(' ')[0]))
  for (const writer of writers) {
    const numbers = lines.filter((line) => line.split(' ')[0] === writer).map(numberOf)
    expect(numbers).toEqual(numbers.toSorted((a, b) => a - b))
  }
}

test.each(Array.from({ length: SEEDS }, (_, index) => index + 1))(
  'random writers, rotations, cuts and crashes lose no line and repeat none, seed %i',
  async (seed) => {
    const world = new World(seed)
    await world.run()
    expect(Object.keys(world.counts).length).toBeGreaterThan(1)
    // In each file of the target lines are in their order; a file that was moved has gone on in another one.
    const files = world.files()
    for (const lines of files) expectInOrder(lines)
    expect(
      files.flat().filter((line) => !/^\w+ \d+ y*$/.test(line)),
      'broken lines',
    ).toEqual([])
    expectEachOnce(files.flat().sort(byNumber), world.counts)
  },
)

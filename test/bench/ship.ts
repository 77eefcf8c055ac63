import { randomBytes, randomUUID } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { open, readdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openShip } from '../../src/assembly/ship/open-ship.ts'
import { loadShip } from '../../src/config/load/load-ship.ts'
import { digestOf } from '../../src/objects/digest.ts'
import { createSwiftTarget } from '../../src/objects/swift/swift-target.ts'
import { Lanes } from '../../src/runtime/lanes.ts'
import { silentLogger } from '../../src/runtime/logger.ts'
import { readPieces } from '../../src/runtime/read-pieces.ts'
import { SwiftServer } from '../support/ship/swift-server.ts'
import type { BenchOptions } from './bench-options.ts'
import { printFigure } from './figure.ts'

const FILES = 10_000
const BYTES = 10_240
const PARALLEL = 8
const ROUNDS = 3
/** Time of the files: due, and to be kept. */
const OLD_S = Date.now() / 1000 - 7200

/** How fast many small files are shipped to a real Swift, as a part of uploading them by the same client alone. */
export async function benchShip({ events: count = FILES }: BenchOptions): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'stacktach-bench-'))
  const swift = await SwiftServer.start(folder)
  try {
    await swift.makeContainer('bench')
    writeFileSync(join(folder, 'secret'), 'testing', { mode: 0o600 })
    const files = join(folder, 'files')
    mkdirSync(files)
    for (let number = 0; number < count; number++) {
      const file = join(files, `${number}.log`)
      writeFileSync(file, randomBytes(BYTES))
      utimesSync(file, OLD_S, OLD_S)
    }
    const bare: number[] = []
    const shipped: number[] = []
    for (let round = 0; round < ROUNDS; round++) {
      bare.push(await perSecond(count, () => upload(files, settings(swift, folder))))
      shipped.push(await perSecond(count, () => ship(folder, files, settings(swift, folder))))
    }
    const best = (figures: readonly number[]) => Math.max(...figures)
    printFigure('ship_small_per_s', best(shipped), { files: count, bytes: BYTES, parallel: PARALLEL })
    printFigure('ship_of_bare_upload', best(shipped) / best(bare), { bare_per_s: Math.round(best(bare)) })
  } finally {
    await swift.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

function settings(swift: SwiftServer, folder: string) {
  return {
    auth_url: `${swift.url}/auth/v1.0`,
    user: 'test:tester',
    secret_file: join(folder, 'secret'),
    container: 'bench',
    prefix: randomUUID(),
  }
}

async function perSecond(count: number, work: () => Promise<void>): Promise<number> {
  const begin = performance.now()
  await work()
  return (count * 1000) / (performance.now() - begin)
}

/** Uploads the files of a folder, each with its checksums, and looks at nothing else. */
async function upload(files: string, swift: ReturnType<typeof settings>): Promise<void> {
  const target = createSwiftTarget(swift)
  const lanes = new Lanes(PARALLEL)
  const names = await readdir(files)
  await Promise.all(
    names.map((name) =>
      lanes.run(async () => {
        const handle = await open(join(files, name))
        try {
          const digest = await digestOf(readPieces(handle, BYTES))
          await target.create(`/bare/${name}`, readPieces(handle, BYTES), digest)
        } finally {
          await handle.close()
        }
      }),
    ),
  )
}

async function ship(folder: string, files: string, swift: ReturnType<typeof settings>): Promise<void> {
  const file = join(folder, 'ship.json')
  const set = {
    ...{ name: 'a', search_dirs: [files], regex: '/([^/]+)$', manta_path: '/ship/$1', zones: ['global'] },
    retain_time: 1e9,
  }
  const own = { journal: `${randomUUID()}.db`, parallel: PARALLEL }
  writeFileSync(
    file,
    JSON.stringify({ log_sets: [set], targets: { s: { kind: 'swift', ...swift } }, ...own }),
  )
  const { config } = await loadShip(file)
  if (!config) throw new Error('the configuration has faults')
  const { agent, close } = await openShip(config, { logger: silentLogger, clock: Date.now })
  if (!(await agent.pass())) throw new Error('not all files were shipped')
  await close()
}

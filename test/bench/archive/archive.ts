import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createReadStream, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createGunzip } from 'node:zlib'
import { packFile } from '../../../src/archive/packing/pack-file.ts'
import { verifyFile } from '../../../src/archive/reader/verify-file.ts'
import { median, printFigure } from '../figure.ts'
import { writeNotifications } from './files.ts'

const STV3 = resolve(import.meta.dirname, '../../../src/cli/stv3.ts')
const MESSAGES = 120_000
const ROUNDS = 3

/** Reading of binary files, and checking of packed ones over the program gzip alone. */
export async function benchArchive(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'stacktach-bench-'))
  try {
    await benchCat(join(folder, 'a.events'))
    await benchVerify(join(folder, 'a.json'))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

async function benchCat(file: string): Promise<void> {
  writeNotifications(file, MESSAGES, 'shoebox')
  const megabytes = statSync(file).size / 1e6
  const rates: number[] = []
  let rssMb = 0
  for (let round = 0; round < ROUNDS; round++) {
    const { seconds, peakMb } = await readAll(['archive', 'cat', file])
    rates.push(megabytes / seconds)
    rssMb = Math.max(rssMb, peakMb)
  }
  printFigure('archive_cat_mb_per_s', median(rates), {
    goal: 200,
    megabytes: Math.round(megabytes),
    rss_mb: rssMb,
  })
}

/** Runs a command and reads all that it prints; counts from its first byte, without its start. */
async function readAll(args: readonly string[]): Promise<{ seconds: number; peakMb: number }> {
  const child = spawn(process.execPath, [STV3, ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
  let begun = 0
  let peakMb = 0
  let count = 0
  child.stdout.on('data', () => {
    begun ||= performance.now()
    if (count++ % PIECES_PER_LOOK === 0) peakMb = Math.max(peakMb, peakMemoryMb(child.pid))
  })
  await once(child.stdout, 'end')
  return { seconds: (performance.now() - begun) / 1000, peakMb }
}

const PIECES_PER_LOOK = 500

/** Returns the peak memory of a process so far, MB; 0 where it has ended. */
function peakMemoryMb(pid: number | undefined): number {
  try {
    const [, kilobytes] = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
    return Math.round(Number(kilobytes ?? 0) / 1024)
  } catch {
    return 0
  }
}

async function benchVerify(file: string): Promise<void> {
  writeNotifications(file, MESSAGES, 'lines')
  const packed = `${file}.gz`
  await packFile({ source: file, compression: 'gzip', target: packed })
  const [gzip, zlib, whole]: [number[], number[], number[]] = [[], [], []]
  for (let round = 0; round < ROUNDS; round++) {
    gzip.push(await secondsOf(async () => void execFileSync('gzip', ['-t', packed])))
    zlib.push(await secondsOf(() => unpack(packed)))
    whole.push(await secondsOf(async () => void (await verifyFile(packed))))
  }
  const megabytes = statSync(file).size / 1e6
  const rateOf = (seconds: readonly number[]) => Math.round(megabytes / median(seconds))
  printFigure('archive_verify_of_gzip', median(gzip) / median(whole), {
    goal: 0.7,
    of_zlib_in_node: Number((median(zlib) / median(whole)).toFixed(2)),
    verify_mb_per_s: rateOf(whole),
    gzip_mb_per_s: rateOf(gzip),
    zlib_in_node_mb_per_s: rateOf(zlib),
  })
}

/** Unpacks in this process, by the library that Node has, which is faster than the program. */
async function unpack(file: string): Promise<void> {
  const unpacking = createReadStream(file, { highWaterMark: 1 << 20 }).pipe(
    createGunzip({ chunkSize: 1 << 20 }),
  )
  for await (const bytes of unpacking) void bytes
}

async function secondsOf(work: () => Promise<void>): Promise<number> {
  const begun = performance.now()
  await work()
  return (performance.now() - begun) / 1000
}

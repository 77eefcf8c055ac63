import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFileSync, mkdirSync, mkdtempSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { ChildProgram } from '../../../sandbox/servers/child-program.ts'
import { freePort } from '../../../sandbox/servers/server-process.ts'
import { RecordingProxy } from '../../support/logs/recording-proxy.ts'
import { cpuSeconds } from '../cpu-seconds.ts'
import { median, printFigure } from '../figure.ts'

const MB = 1e6
const SIZE = 400 * MB
const ROUNDS = 3
const FILES = 1000
const COPY = resolve(import.meta.dirname, 'floor-copy.ts')

type Cost = { readonly mbPerSecond: number; readonly mbPerCpuSecond: number }

/**
 * What collector and processor carry: a file of lines of 100 bytes over the loopback, beside a bare copy of the same file through a
 * socket into another; and their memory with a thousand files.
 */
export async function benchLogs(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'stacktach-logs-'))
  try {
    const file = join(folder, 'lines')
    writeLines(file)
    const floors: Cost[] = []
    const ours: Cost[] = []
    for (let round = 0; round < ROUNDS; round++) {
      floors.push(await copyBarely(folder, file))
      ours.push(await transport(folder, file))
    }
    const floor = median(floors.map(({ mbPerSecond }) => mbPerSecond))
    const speed = median(ours.map(({ mbPerSecond }) => mbPerSecond))
    printFigure('logs_of_floor', speed / floor, {
      goal: 0.6,
      mb_per_s: Math.round(speed),
      floor_mb_per_s: Math.round(floor),
      line_bytes: 100,
    })
    printFigure('logs_mb_per_cpu_s', median(ours.map(({ mbPerCpuSecond }) => mbPerCpuSecond)), {
      goal: 150,
      floor: Math.round(median(floors.map(({ mbPerCpuSecond }) => mbPerCpuSecond))),
    })
    const thunder = await transport(folder, file, true)
    printFigure('logs_mb_per_s_as_thunder', thunder.mbPerSecond, {
      mb_per_cpu_s: Math.round(thunder.mbPerCpuSecond),
    })
    await memoryOfManyFiles(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function writeLines(file: string): void {
  const block = Array.from(
    { length: 10_000 },
    (_, index) => `${String(index).padStart(99, 'a line of a log ')}\n`,
  ).join('')
  writeFileSync(file, '')
  for (let written = 0; written < SIZE; written += block.length) appendFileSync(file, block)
}

async function copyBarely(folder: string, file: string): Promise<Cost> {
  const target = join(folder, 'copied')
  const taker = spawn(process.execPath, [COPY, 'take', target], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [port] = await once(taker.stdout, 'data')
  const sender = spawn(process.execPath, [COPY, 'send', file, String(port).trim()], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  await once(sender.stdout, 'data')
  const pids = [taker.pid as number]
  const before = cpuSeconds([...pids, sender.pid as number])
  const begun = performance.now()
  // The sender is read while it still is there: it ends with its copy.
  let spent = 0
  sender.stdin.write('\n')
  while (sizeOf(target) < SIZE) {
    spent = cpuSeconds([...pids, sender.pid as number])
    await delay(5)
  }
  const cost = costOf(begun, spent - before)
  taker.kill()
  sender.kill()
  rmSync(target)
  return cost
}

/** Carries a file that is moved into the folder of a running collector; `asThunder` with what thunder knows only. */
async function transport(folder: string, file: string, asThunder = false): Promise<Cost> {
  const { programs, source, target, stop } = await startBoth(folder, asThunder)
  const pids = programs.map(({ child }) => child.pid as number)
  const before = cpuSeconds(pids)
  const begun = performance.now()
  renameSync(file, join(source, 'a.log'))
  while (sizeOf(join(target, 'a.log')) < SIZE) await delay(5)
  const cost = costOf(begun, cpuSeconds(pids) - before)
  renameSync(join(source, 'a.log'), file)
  await stop()
  return cost
}

async function memoryOfManyFiles(folder: string): Promise<void> {
  const { programs, source, target, stop } = await startBoth(folder, false)
  for (let round = 0; round < 20; round++) {
    for (let index = 0; index < FILES; index++)
      appendFileSync(join(source, `file-${index}.log`), `${'a line of a log '.repeat(6)}\n`.repeat(20))
  }
  const size = sizeOf(join(source, `file-${FILES - 1}.log`))
  while (sizeOf(join(target, `file-${FILES - 1}.log`)) < size) await delay(20)
  const [processor, collector] = programs.map((program) => program.peakMemoryMb())
  printFigure('logs_rss_mb', Math.max(processor ?? 0, collector ?? 0), {
    goal: 100,
    processor,
    collector,
    files: FILES,
  })
  await stop()
}

async function startBoth(folder: string, asThunder: boolean) {
  const [source, target] = [join(folder, 'source'), join(folder, 'target')]
  for (const path of [source, target]) mkdirSync(path)
  const port = await freePort()
  const address = `127.0.0.1:${port}`
  const processor = new ChildProgram('stv3', [
    'logs-processor',
    '--target-dir',
    target,
    '--listen-address',
    address,
  ])
  while (!processor.stderr.includes('collectors are taken')) await delay(20)
  const proxy = asThunder ? await RecordingProxy.start(port, true) : undefined
  const collector = new ChildProgram('stv3', [
    ...['logs-collector', '--source-dir', source, '--offsets-db', join(folder, 'offsets.db')],
    ...['--target-address', proxy ? `127.0.0.1:${proxy.port}` : address, '--rotate-mb', '0'],
  ])
  writeFileSync(join(source, 'first.log'), 'first\n')
  while (sizeOf(join(target, 'first.log')) === 0) await delay(20)
  return {
    programs: [processor, collector],
    source,
    target,
    async stop() {
      await collector.stop()
      await processor.stop()
      proxy?.stop()
      for (const path of [source, target, join(folder, 'offsets.db')])
        rmSync(path, { recursive: true, force: true })
    },
  }
}

function costOf(begun: number, cpu: number): Cost {
  return { mbPerSecond: SIZE / MB / ((performance.now() - begun) / 1000), mbPerCpuSecond: SIZE / MB / cpu }
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0
}

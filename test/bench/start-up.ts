import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { join, resolve } from 'node:path'
import { median, printFigure } from './figure.ts'

const ROOT = resolve(import.meta.dirname, '../..')
const ROUNDS = 15

/**
 * How long commands of the package take from start to end, ms, and as a multiple of what `node -e 0` takes in the same run. The
 * sources are compiled for it, as they are packed.
 */
export async function benchStartUp(): Promise<void> {
  mkdirSync(join(ROOT, 'node_modules/.cache'), { recursive: true })
  const folder = mkdtempSync(join(ROOT, 'node_modules/.cache/start-up-'))
  const server = createServer((_, response) => {
    response.setHeader('content-type', 'application/json')
    response.end('[]')
  })
  try {
    copyFileSync(join(ROOT, 'package.json'), join(folder, 'package.json'))
    const build = ['-p', join(ROOT, 'tsconfig.build.json'), '--outDir', join(folder, 'dist')]
    await run([join(ROOT, 'node_modules/typescript/bin/tsc'), ...build])
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const address = server.address()
    const port = typeof address === 'object' ? address?.port : undefined
    const stv3 = join(folder, 'dist/cli/stv3.js')
    const klugman = join(folder, 'dist/cli/klugman.js')
    await compare({
      stv3_version_ms: [stv3, '--version'],
      klugman_version_ms: [klugman, '--version'],
      klugman_streams_ms: [klugman, `http://127.0.0.1:${port}`, 'streams', '--limit', '1'],
    })
  } finally {
    server.close()
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Runs the commands and `node -e 0` in turns, so that what else the machine does is the same for all. */
async function compare(commands: { readonly [figure: string]: readonly string[] }): Promise<void> {
  const taken = Object.keys(commands).map((): number[] => [])
  const bare: number[] = []
  for (let round = 0; round < ROUNDS; round++) {
    bare.push(await run(['-e', '0']))
    for (const [index, args] of Object.values(commands).entries()) taken[index]?.push(await run(args))
  }
  for (const [index, figure] of Object.keys(commands).entries()) {
    const ms = median(taken[index] as number[])
    const ofNode = Number((ms / median(bare)).toFixed(2))
    printFigure(figure, ms, { goal: 150, node_ms: Math.round(median(bare)), of_node: ofNode })
  }
}

/** Runs Node to its end; returns how long it took, ms. */
async function run(args: readonly string[]): Promise<number> {
  const begun = performance.now()
  const child = spawn(process.execPath, args, { stdio: 'ignore' })
  const [code] = await once(child, 'exit')
  if (code !== 0) throw new Error(`node ${args.join(' ')} ended with ${code}`)
  return performance.now() - begun
}

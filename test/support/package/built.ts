import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { expect } from 'vitest'
import manifest from '../../../package.json' with { type: 'json' }

const ROOT = resolve(import.meta.dirname, '../../..')
const OUT = join(ROOT, 'sandbox/dist')

/** Longest time of a build and of a debootstrap, ms. */
export const BUILD_MS = 1_800_000

export const VERSION = manifest.version

/** Runs a command in the repository to its end. */
export function run(command: string, args: readonly string[], env: NodeJS.ProcessEnv = process.env) {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    encoding: 'utf8',
    env,
    cwd: ROOT,
    maxBuffer: 2 ** 28,
  })
  if (error) throw error
  return { status, stdout, stderr }
}

/** Runs a command that must succeed. Returns what it has printed. */
export function must(command: string, ...args: readonly string[]): string {
  const result = run(command, args)
  expect(result, `${command} ${args.join(' ')}`).toMatchObject({ status: 0 })
  return result.stdout
}

/** The packages of the last commit, by their names for --only. */
export type Packages = {
  readonly tarball: string
  readonly deb: string
  readonly npm: string
  readonly image: string
}

/** Builds packages of the last commit, all of them unless some are named. Returns the files of all. */
export function build(...only: (keyof Packages)[]): Packages {
  const choice = only.flatMap((name) => ['--only', name])
  must('bash', 'sandbox/build.sh', '-p', ...(choice.length > 0 ? ['--', ...choice] : []))
  const commit = must('git', 'rev-parse', 'HEAD').slice(0, 9)
  return {
    tarball: join(OUT, `stacktach-${VERSION}-${commit}.tar.gz`),
    deb: join(OUT, `stacktach_${VERSION}_amd64.deb`),
    npm: join(OUT, `stacktach-${VERSION}.tgz`),
    image: join(OUT, `stacktach-${VERSION}-${commit}.oci.tar`),
  }
}

/** Returns the SHA-256 of a file. */
export function sumOf(file: string): string {
  return createHash('sha256').update(readFileSync(file)).digest('hex')
}

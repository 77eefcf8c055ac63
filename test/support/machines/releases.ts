import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { must } from './run.ts'

const ROOT = resolve(import.meta.dirname, '../../..')
const LIBRARY = 'lib/stacktach'

/** Changes a file of a release: the text that it has, and the text in its place. */
export type Change = readonly [file: string, from: string, to: string]

/** A daemon of this release ends when it starts. */
export const BROKEN: Change = [
  `${LIBRARY}/dist/assembly/build-consumer.js`,
  'export async function buildConsumer(parts) {',
  "export async function buildConsumer(parts) {\n    throw new Error('this release does not work');",
]

/** A migration that no release has. */
export const LATER = '900-later'

/** The schema of this release has a table more. */
export const MIGRATES: Change = [
  `${LIBRARY}/dist/store/schema/migrations/migrations.js`,
  '\n];',
  `\n    { name: '${LATER}', statements: () => ['create table later (id int)'] },\n];`,
]

/**
 * Builds the tarball of the last commit, as an operator does, unless it is there: the same commit makes the same bytes.
 * Returns its path.
 */
export function buildRelease(): string {
  const commit = must('git', '-C', ROOT, 'rev-parse', 'HEAD').slice(0, 9)
  const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
  const built = join(ROOT, `sandbox/dist/stacktach-${version}-${commit}.tar.gz`)
  if (existsSync(built)) return built
  must('bash', join(ROOT, 'sandbox/build.sh'), '-p', '--', '--only', 'tarball')
  return built
}

/** Returns the name of a release, by its tarball. */
export function nameOfRelease(tarball: string): string {
  return /stacktach-(.+)\.tar\.gz$/.exec(tarball)?.[1] ?? ''
}

/** Makes another release of a tarball: another version, with changes. Returns its path. */
export function releaseLike(
  tarball: string,
  version: string,
  changes: readonly Change[],
  folder: string,
): string {
  const work = join(folder, `release-${version}`)
  mkdirSync(work, { recursive: true })
  must('tar', '-xzf', tarball, '-C', work)
  const tree = join(work, 'stv3')
  const edit = (file: string, change: (text: string) => string) => {
    const path = join(tree, file)
    const text = readFileSync(path, 'utf8')
    const changed = change(text)
    if (changed === text) throw new Error(`${file} has not what is to be changed`)
    writeFileSync(path, changed)
  }
  edit(`${LIBRARY}/package.json`, (text) => text.replace(/"version": "[^"]*"/, `"version": "${version}"`))
  edit('VERSION', (text) => text.replace(/^\S+/, version))
  for (const [file, from, to] of changes) edit(file, (text) => text.replace(from, to))
  const target = join(folder, `stacktach-${version}-test.tar.gz`)
  must('tar', '-czf', target, '-C', work, 'stv3')
  rmSync(work, { recursive: true })
  return target
}

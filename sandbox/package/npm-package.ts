import { mkdtempSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Release } from './release.ts'
import { run } from './run.ts'
import { writeTarball } from './tarball.ts'
import { setModes } from './tree.ts'

export type NpmParts = {
  /** the sources of a commit, with the packages that build them in node_modules */
  readonly sources: string
  /** an existing folder for what is made on the way */
  readonly work: string
  readonly file: string
  readonly release: Release
}

/**
 * Builds the npm package. What is in it is npm's choice; it is packed again by the project, since the bytes of
 * `npm pack` depend on the versions of npm and Node.
 */
export function buildNpmPackage({ sources, work, file, release }: NpmParts): void {
  const folder = mkdtempSync(join(work, 'npm-'))
  run('npm', ['pack', '--silent', '--pack-destination', folder], { cwd: sources })
  const [packed] = readdirSync(folder)
  run('tar', ['-C', folder, '-xzf', join(folder, packed as string)])
  setModes(join(folder, 'package'))
  writeTarball({ folder, names: ['package'], file, seconds: release.seconds })
}

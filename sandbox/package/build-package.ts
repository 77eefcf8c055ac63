import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { buildDebianPackage } from './debian-package.ts'
import { writeTarball } from './tarball.ts'
import { buildTree } from './tree.ts'

// Builds the packages of the sources that this file stands in, which `sandbox/build.sh -p` has taken from a commit:
//
//   node build-package.ts --commit SHA --time SECONDS --node FOLDER --out FOLDER [--only tarball|deb]

const SOURCES = resolve(import.meta.dirname, '../..')
const { values } = parseArgs({
  options: {
    commit: { type: 'string' },
    /** of the commit, seconds since the epoch */
    time: { type: 'string' },
    /** the npm package of Node for this kind of machine, with bin/node and LICENSE */
    node: { type: 'string' },
    out: { type: 'string' },
    only: { type: 'string' },
  },
})
const { commit = '', time = '', node = '', out = '', only } = values
const { version } = JSON.parse(readFileSync(join(SOURCES, 'package.json'), 'utf8')) as { version: string }
const release = { version, commit, seconds: Number(time) }

const work = join(SOURCES, 'package-tree')
const tree = join(work, 'stv3')
rmSync(work, { recursive: true, force: true })
mkdirSync(tree, { recursive: true })
mkdirSync(out, { recursive: true })
await buildTree({ sources: SOURCES, node, tree, release })
if (only !== 'deb') {
  const file = join(out, `stacktach-${version}-${commit.slice(0, 9)}.tar.gz`)
  writeTarball(work, 'stv3', file, release.seconds)
  process.stdout.write(`${file}\n`)
}
if (only !== 'tarball') {
  const root = join(work, 'deb')
  mkdirSync(join(root, 'opt'), { recursive: true })
  cpSync(tree, join(root, 'opt/stv3'), { recursive: true, verbatimSymlinks: true })
  const file = join(out, `stacktach_${version}_amd64.deb`)
  buildDebianPackage({ root, files: join(SOURCES, 'sandbox/package/files/debian'), file, release })
  process.stdout.write(`${file}\n`)
}
writeFileSync(join(out, 'VERSION'), `${version} ${commit}\n`)

import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { writeBaseLayer } from './base-layer.ts'
import { buildDebianPackage } from './debian-package.ts'
import { buildNpmPackage } from './npm-package.ts'
import { writeImage } from './oci-image.ts'
import { writeTar, writeTarball } from './tarball.ts'
import { buildTree } from './tree.ts'

// Builds the packages of the sources that this file stands in, which `sandbox/build.sh -p` has taken from a commit:
//
//   node build-package.ts --commit SHA --time SECONDS --node FOLDER --out FOLDER [--only tarball|deb|npm|image]…

const SOURCES = resolve(import.meta.dirname, '../..')
const { values } = parseArgs({
  options: {
    commit: { type: 'string' },
    /** of the commit, seconds since the epoch */
    time: { type: 'string' },
    /** the npm package of Node for this kind of machine, with bin/node and LICENSE */
    node: { type: 'string' },
    out: { type: 'string' },
    only: { type: 'string', multiple: true },
  },
})
const { commit = '', time = '', node = '', out = '', only } = values
const { version } = JSON.parse(readFileSync(join(SOURCES, 'package.json'), 'utf8')) as { version: string }
const release = { version, commit, seconds: Number(time) }
const { seconds } = release
const name = `stacktach-${version}-${commit.slice(0, 9)}`
const work = join(SOURCES, 'package-tree')
const tree = join(work, 'stv3')

/** What is built, by its name for --only. */
const PACKAGES = {
  tarball: [`${name}.tar.gz`, (file) => writeTarball({ folder: work, names: ['stv3'], file, seconds })],
  deb: [`stacktach_${version}_amd64.deb`, addDebianPackage],
  npm: [`stacktach-${version}.tgz`, (file) => buildNpmPackage({ sources: SOURCES, work, file, release })],
  image: [`${name}.oci.tar`, addImage],
} satisfies { readonly [what: string]: readonly [file: string, build: (file: string) => void] }

const wanted = only ?? Object.keys(PACKAGES)
const unknown = wanted.find((what) => !Object.hasOwn(PACKAGES, what))
if (unknown !== undefined) {
  process.stderr.write(
    `build.sh: there is no package ${unknown}; --only takes ${Object.keys(PACKAGES).join(', ')}\n`,
  )
  process.exit(2)
}
rmSync(work, { recursive: true, force: true })
mkdirSync(tree, { recursive: true })
mkdirSync(out, { recursive: true })
await buildTree({ sources: SOURCES, node, tree, release })
for (const [what, [file, build]] of Object.entries(PACKAGES)) {
  if (!wanted.includes(what)) continue
  build(join(out, file))
  process.stdout.write(`${join(out, file)}\n`)
}
writeFileSync(join(out, 'VERSION'), `${version} ${commit}\n`)

function addDebianPackage(file: string): void {
  const root = join(work, 'deb')
  copyTree(join(root, 'opt/stv3'))
  buildDebianPackage({ root, files: join(SOURCES, 'sandbox/package/files/debian'), file, release })
}

/** Puts the tree on top of a small Debian, with the configuration in /etc/stv3; settings come from the environment. */
function addImage(file: string): void {
  const root = join(work, 'image')
  copyTree(join(root, 'opt/stv3'))
  // The base has the library.
  rmSync(join(root, 'opt/stv3/lib/private'), { recursive: true, force: true })
  cpSync(join(tree, 'etc'), join(root, 'etc/stv3'), { recursive: true })
  rmSync(join(root, 'etc/stv3/stv3.env'))
  // Where engines mount devices.
  mkdirSync(join(root, 'dev'))
  const [base, own] = [join(work, 'base.tar'), join(work, 'own.tar')]
  writeBaseLayer(base, seconds)
  writeTar({ folder: root, names: ['dev', 'etc', 'opt'], file: own, seconds })
  const layers = [
    { tar: base, what: 'Debian, the user stv3 and its folder' },
    { tar: own, what: `stacktach ${version} of commit ${commit}` },
  ]
  writeImage({ layers, layout: join(work, 'layout'), file, release })
}

function copyTree(to: string): void {
  mkdirSync(to, { recursive: true })
  cpSync(tree, to, { recursive: true, verbatimSymlinks: true })
}

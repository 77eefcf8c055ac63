import {
  chmodSync,
  copyFileSync,
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import type { Command } from 'commander'
import { completionScript } from '../../src/cli/completion/completion-command.ts'
import { stv3Program } from '../../src/cli/stv3-program.ts'
import { KNOWN_VALUES } from '../../src/klugman/completion-command.ts'
import { klugmanProgram } from '../../src/klugman/klugman-program.ts'
import { licencesOf } from './licences.ts'
import { manPage } from './man-page.ts'
import { type Lockfile, productionPackages } from './production-packages.ts'
import { dayOf, type Release } from './release.ts'
import { run } from './run.ts'

export type TreeParts = {
  /** the sources of a commit, with the packages that build them in node_modules */
  readonly sources: string
  /** the npm package of Node for this kind of machine */
  readonly node: string
  /** an empty folder that becomes /opt/stv3 */
  readonly tree: string
  readonly release: Release
}

/** Commands of StackTach.v3 that are kept, and the manual page that describes what they run. */
const OLD_NAMES = ['yagi-event', 'pipeline_worker', 'winchester_db'] as const

/** The SysV scripts: name, command, file of the configuration, description. */
const INIT_SCRIPTS = [
  ['stv3-consumer', 'consume', 'yagi.conf', 'StackTach consumers'],
  ['stv3-worker', 'work', 'winchester.yaml', 'StackTach pipeline workers'],
  ['stv3-api', 'api', 'winchester.yaml', 'StackTach REST API'],
] as const

const FILES = [
  ['/etc/stv3', 'yagi.conf, winchester.yaml, definitions, triggers, pipelines, and stv3.env'],
  ['/var/lib/stv3', 'the archive, and the database where it is SQLite'],
] as const

/** Builds what stands in /opt/stv3: programs, Node, packages, configuration, units, scripts, manual pages, licences. */
export async function buildTree(parts: TreeParts): Promise<void> {
  const { sources, tree } = parts
  const files = join(sources, 'sandbox/package/files')
  cpSync(join(files, 'bin'), join(tree, 'bin'), { recursive: true })
  addLibraries(parts)
  addConfiguration(join(sources, 'config'), join(tree, 'etc'))
  copyFileSync(join(files, 'stv3.env'), join(tree, 'etc/stv3.env'))
  for (const name of ['systemd', 'compose'])
    cpSync(join(files, name), join(tree, 'share', name), { recursive: true })
  addInitScripts(join(files, 'init.d/template'), join(tree, 'share/init.d'))
  for (const program of [await stv3Program(), klugmanProgram()]) addProgramPages(program, parts)
  for (const name of OLD_NAMES) write(join(tree, `share/man/man1/${name}.1`), '.so man1/stv3.1\n')
  setModes(tree)
}

/** Adds the compiled sources, Node, and the packages of the lockfile. */
function addLibraries({ sources, node, tree, release }: TreeParts): void {
  const own = join(tree, 'lib/stacktach')
  run(process.execPath, [
    ...[join(sources, 'node_modules/typescript/bin/tsc'), '-p', join(sources, 'tsconfig.build.json')],
    ...['--outDir', join(own, 'dist')],
  ])
  cpSync(join(sources, 'src/dashboard/page'), join(own, 'dist/dashboard/page'), { recursive: true })
  for (const name of ['package.json', 'LICENSE', 'README.md'])
    copyFileSync(join(sources, name), join(own, name))
  // `stv3 up` and the schemas that editors ask for.
  cpSync(join(sources, 'config'), join(own, 'config'), { recursive: true })
  const lockfile: Lockfile = JSON.parse(readFileSync(join(sources, 'package-lock.json'), 'utf8'))
  const packages = productionPackages(lockfile, { types: false })
  for (const folder of packages) {
    const from = join(sources, folder)
    const { version } = JSON.parse(readFileSync(join(from, 'package.json'), 'utf8'))
    const wanted = lockfile.packages[folder]?.version
    if (version !== wanted)
      throw new Error(
        `${folder} is ${version} here, ${wanted} in package-lock.json; run ./sandbox/build.sh -n`,
      )
    const filter = (path: string) => path === from || isNeeded(path.slice(from.length + 1))
    cpSync(from, join(own, folder), { recursive: true, dereference: true, filter })
  }
  copyFileSync(join(node, 'bin/node'), join(tree, 'lib/node'))
  const atomic = libraryOf(join(node, 'bin/node'), 'libatomic.so.1')
  if (atomic !== undefined) {
    mkdirSync(join(tree, 'lib/private'))
    copyFileSync(atomic, join(tree, 'lib/private/libatomic.so.1'))
  }
  const doc = join(tree, 'share/doc')
  write(join(doc, 'LICENCES'), licencesOf(sources, packages))
  copyFileSync(join(node, 'LICENSE'), join(doc, 'LICENCE-node'))
  if (atomic !== undefined)
    copyFileSync('/usr/share/doc/libatomic1/copyright', join(doc, 'LICENCE-libatomic'))
  copyFileSync(join(sources, 'LICENSE'), join(doc, 'LICENCE'))
  copyFileSync(join(sources, 'CHANGELOG.md'), join(doc, 'CHANGELOG.md'))
  write(join(tree, 'VERSION'), `${release.version} ${release.commit}\n`)
}

/**
 * Whether a file of a package is packed. What a package has below itself has an entry of its own in the lockfile; types,
 * maps, pages and settings of tools do not run.
 */
function isNeeded(path: string): boolean {
  return !/^node_modules$|(^|\/)\.|\.(map|html)$|\.d\.[cm]?ts$/.test(path)
}

/** Returns the file of a library that a program is linked against; undefined where it is not. */
function libraryOf(program: string, name: string): string | undefined {
  return run('ldd', [program])
    .split('\n')
    .find((line) => line.trim().startsWith(`${name} `))
    ?.split(/\s+/)[3]
}

/** Adds the default configuration, with its data in /var/lib/stv3. */
function addConfiguration(from: string, to: string): void {
  cpSync(from, to, { recursive: true })
  for (const name of ['tests', 'schema']) rmSync(join(to, name), { recursive: true })
  for (const path of filesBelow(to)) {
    const text = readFileSync(path, 'utf8')
    const moved = text
      .replaceAll(/(?:\.\.\/)+sandbox\/data/g, '/var/lib/stv3')
      .replaceAll(/\$schema=(?:\.\.\/)*schema\//g, '$schema=/opt/stv3/lib/stacktach/config/schema/')
    if (moved !== text) writeFileSync(path, moved)
  }
}

function addInitScripts(template: string, folder: string): void {
  const text = readFileSync(template, 'utf8')
  for (const [name, command, config, description] of INIT_SCRIPTS) {
    const values = { NAME: name, COMMAND: command, CONFIG: config, DESCRIPTION: description }
    const script = text.replaceAll(/@([A-Z]+)@/g, (_, key: keyof typeof values) => values[key])
    write(join(folder, name), script, 0o755)
  }
}

/** Adds the manual page and the completions of a program. */
function addProgramPages(program: Command, { tree, release }: TreeParts): void {
  const name = program.name()
  const page = manPage({ program, version: release.version, date: dayOf(release), files: FILES })
  write(join(tree, `share/man/man1/${name}.1`), page)
  const scripts = { bash: `bash/${name}`, zsh: `zsh/_${name}`, fish: `fish/${name}.fish` } as const
  for (const shell of ['bash', 'zsh', 'fish'] as const)
    write(join(tree, 'share/completions', scripts[shell]), completionScript(shell, program, KNOWN_VALUES))
}

function write(path: string, text: string, mode = 0o644): void {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, text, { mode })
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
}

/** Gives every file one of two modes, whatever the umask of the builder: programs of this package alone can be run. */
export function setModes(tree: string): void {
  for (const entry of readdirSync(tree, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name)
    if (entry.isSymbolicLink()) continue
    const inPackages = path.includes('/node_modules/')
    const isProgram = !inPackages && (statSync(path).mode & 0o100) !== 0 && !path.endsWith('.js')
    chmodSync(path, entry.isDirectory() || isProgram ? 0o755 : 0o644)
  }
}

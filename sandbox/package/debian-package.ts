import {
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { gzipSync } from 'node:zlib'
import type { Release } from './release.ts'
import { run } from './run.ts'
import { setModes } from './tree.ts'

export type DebianParts = {
  /** the root of the package, which has opt/stv3 */
  readonly root: string
  /** folder of the maintainer scripts */
  readonly files: string
  readonly file: string
  readonly release: Release
}

/** Node needs these of a bare Debian; a version that is older has not what the binary is linked against. */
const DEPENDS = 'adduser, libatomic1, libc6 (>= 2.28), libgcc-s1, libstdc++6 (>= 9)'

/** Builds the Debian package of what stands in opt/stv3 below its root: links, units, pages and configuration beside it. */
export function buildDebianPackage({ root, files, file, release }: DebianParts): void {
  const own = join(root, 'opt/stv3')
  rmSync(join(own, 'lib/private'), { recursive: true, force: true })
  const move = (from: string, to: string) => {
    mkdirSync(dirname(join(root, to)), { recursive: true })
    renameSync(join(own, from), join(root, to))
  }
  cpSync(join(own, 'etc'), join(root, 'etc/stv3'), { recursive: true })
  move('share/systemd', 'lib/systemd/system')
  move('share/completions/bash', 'usr/share/bash-completion/completions')
  move('share/completions/zsh', 'usr/share/zsh/vendor-completions')
  move('share/completions/fish', 'usr/share/fish/vendor_completions.d')
  rmSync(join(own, 'share/completions'), { recursive: true })
  move('share/man/man1', 'usr/share/man/man1')
  rmSync(join(own, 'share/man'), { recursive: true })
  for (const name of readdirSync(join(root, 'usr/share/man/man1')))
    compress(join(root, 'usr/share/man/man1', name))
  mkdirSync(join(root, 'usr/bin'), { recursive: true })
  for (const name of readdirSync(join(own, 'bin')))
    symlinkSync(`/opt/stv3/bin/${name}`, join(root, 'usr/bin', name))
  const doc = join(root, 'usr/share/doc/stacktach')
  mkdirSync(doc, { recursive: true })
  writeFileSync(join(doc, 'copyright'), copyrightOf(own))
  writeFileSync(join(doc, 'changelog.gz'), gzipSync(changelogOf(release), { level: 9 }))
  const overrides = join(root, 'usr/share/lintian/overrides')
  mkdirSync(overrides, { recursive: true })
  cpSync(join(files, 'lintian-overrides'), join(overrides, 'stacktach'))
  addControl(root, files, release)
  setModes(root)
  const env = { ...process.env, SOURCE_DATE_EPOCH: String(release.seconds) }
  run('dpkg-deb', ['--root-owner-group', '-Zgzip', '-z6', '--build', root, file], { env })
}

function addControl(root: string, files: string, { version }: Release): void {
  const control = join(root, 'DEBIAN')
  const paths = filesBelow(root)
  const kilobytes = run('du', ['-sk', '--apparent-size', root]).split('\t')[0]
  mkdirSync(control)
  for (const name of ['postinst', 'prerm', 'postrm']) cpSync(join(files, name), join(control, name))
  const lines = [
    ...[
      'Package: stacktach',
      `Version: ${version}`,
      'Architecture: amd64',
      'Section: net',
      'Priority: optional',
    ],
    ...['Maintainer: The StackTach authors <stacktach@localhost>', `Installed-Size: ${kilobytes}`],
    ...[`Depends: ${DEPENDS}`, 'Recommends: procps', 'Suggests: default-mysql-server, rabbitmq-server'],
    'Description: event streams out of the notifications on a message bus',
    ' Reads JSON notifications, such as those of OpenStack, from RabbitMQ, keeps',
    ' each in an archive, distils them into small typed events, and groups events',
    ' into streams in MySQL, MariaDB or SQLite. A stream that is complete, or whose',
    ' time is up, runs a pipeline of handlers. A REST API and a command line answer',
    ' questions.',
    '',
  ]
  writeFileSync(join(control, 'control'), lines.join('\n'))
  const conffiles = paths.filter((path) => path.startsWith('etc/')).map((path) => `/${path}\n`)
  writeFileSync(join(control, 'conffiles'), conffiles.sort().join(''))
  const sums = run(
    'md5sum',
    paths.filter((path) => !path.startsWith('etc/')),
    { cwd: root },
  )
  writeFileSync(join(control, 'md5sums'), sums)
}

function filesBelow(root: string): string[] {
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(root, join(entry.parentPath, entry.name)))
    .sort()
}

/** Replaces a file by its compressed form. */
function compress(path: string): void {
  writeFileSync(`${path}.gz`, gzipSync(readFileSync(path), { level: 9 }))
  rmSync(path)
}

function changelogOf({ version, commit, seconds }: Release): string {
  const date = new Date(seconds * 1000).toUTCString().replace('GMT', '+0000')
  return `stacktach (${version}) unstable; urgency=medium

  * Built from commit ${commit}.
    What is new: /opt/stv3/share/doc/CHANGELOG.md

 -- The StackTach authors <stacktach@localhost>  ${date}
`
}

function copyrightOf(own: string): string {
  const licences = relative(join(own, '..', '..'), join(own, 'share/doc'))
  return `StackTach is under the Apache License, Version 2.0. Copyright: the StackTach authors;
on Debian systems its text is in /usr/share/common-licenses/Apache-2.0.

The package brings Node.js and packages of the npm registry, each under a licence of
its own: /${licences}/LICENCE-node and /${licences}/LICENCES.
`
}

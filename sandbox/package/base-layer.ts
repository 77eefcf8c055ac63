import { run } from './run.ts'

/** The Debian release of the image, whatever the machine that builds it runs. */
const SUITE = 'bookworm'

/**
 * Beside what every Debian has: the library that Node needs, authorities for TLS, and time zones, for handlers that run
 * other programs.
 */
const PACKAGES = ['ca-certificates', 'libatomic1', 'libstdc++6', 'tzdata', 'usr-is-merged']

/** /bin is a link to /usr/bin from the start; a package that makes it one later would bring all of Perl. */
const MERGED = '/usr/share/mmdebstrap/hooks/merged-usr'

/** The user of the image, by number too: Kubernetes cannot tell from a name that it is not root. */
export const USER = { name: 'stv3', id: 10_001, home: '/var/lib/stv3' } as const

/** What neither runs nor is a licence, and caches and logs of the installation. */
const LEFT_OUT = [
  '/usr/share/man/*',
  '/usr/share/info/*',
  '/usr/share/locale/*',
  '/usr/share/doc/*',
  '/var/cache/*/*',
  '/var/log/*',
]
const KEPT = ['/usr/share/doc/*/copyright']

/**
 * Writes the root file system of a small Debian as a tar: essential packages, those above, the user stv3 and its empty
 * folder. The same packages make the same bytes. Throws where mmdebstrap fails, as without a mirror.
 */
export function writeBaseLayer(file: string, seconds: number): void {
  const { name, id, home } = USER
  const account = `${name}:x:${id}:${id}:StackTach:${home}:/usr/sbin/nologin`
  const hooks = [
    `echo ${account} >>"$1/etc/passwd"; echo ${name}:x:${id}: >>"$1/etc/group"`,
    `install -d -o ${id} -g ${id} -m 0750 "$1${home}"`,
    // Of the machine that builds.
    'rm -rf "$1/etc/apt/sources.list" "$1/etc/apt/sources.list.d" "$1/etc/hostname" "$1/etc/resolv.conf"',
  ]
  const options = [
    // Who unpacks a layer without root's rights can make no devices; engines bring their own.
    ...['--variant=essential', '--format=tar', '--quiet', '--skip=output/dev'],
    ...[`--include=${PACKAGES.join(',')}`, `--hook-dir=${MERGED}`],
    ...LEFT_OUT.map((path) => `--dpkgopt=path-exclude=${path}`),
    ...KEPT.map((path) => `--dpkgopt=path-include=${path}`),
    ...hooks.map((hook) => `--customize-hook=${hook}`),
  ]
  const env = { ...process.env, SOURCE_DATE_EPOCH: String(seconds), LC_ALL: 'C.UTF-8' }
  run('mmdebstrap', [...options, SUITE, file, ...sources()], { env })
}

/** Returns lines of sources.list for SUITE, from the mirrors that this machine takes its own packages from. */
function sources(): string[] {
  const format = ['--format', '$(ORIGIN) $(REPO_URI) $(SUITE) $(COMPONENT)', 'Created-By: Packages']
  const lines = run('apt-get', ['indextargets', ...format]).split('\n')
  const found = lines.flatMap((line) => {
    const [, uri, suite, component] = /^Debian (\S+) (\S+) (\S+)$/.exec(line) ?? []
    const kind = /^[a-z]+(-security|-updates)?$/.exec(suite ?? '')
    return kind && component === 'main' ? [`deb ${uri} ${SUITE}${kind[1] ?? ''} main`] : []
  })
  if (found.length === 0)
    throw new Error('apt-get indextargets names no mirror of Debian; run apt-get update')
  return [...new Set(found)]
}
